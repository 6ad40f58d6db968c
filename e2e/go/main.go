// Verify says what Go makes of a certificate: by its OCSP responder and its CRL, found where the certificate says.
//
// Usage: verify ROOT INTERMEDIATE CERTIFICATE
package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"time"

	"golang.org/x/crypto/ocsp"
)

func main() {
	log.SetFlags(0)
	root, issuer, leaf := read(os.Args[1]), read(os.Args[2]), read(os.Args[3])
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(root)
	intermediates.AddCert(issuer)
	usages := []x509.ExtKeyUsage{x509.ExtKeyUsageAny}
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, KeyUsages: usages})
	must(err)
	fmt.Println("ocsp", askOCSP(leaf, issuer))
	fmt.Println("crl", readCRL(leaf, issuer))
}

func askOCSP(leaf, issuer *x509.Certificate) string {
	question, err := ocsp.CreateRequest(leaf, issuer, nil)
	must(err)
	answer, err := http.Post(leaf.OCSPServer[0], "application/ocsp-request", bytes.NewReader(question))
	must(err)
	body, err := io.ReadAll(answer.Body)
	must(err)
	response, err := ocsp.ParseResponseForCert(body, leaf, issuer)
	must(err)
	if now := time.Now(); now.Before(response.ThisUpdate.Add(-time.Minute)) || now.After(response.NextUpdate) {
		log.Fatal("the answer is not of now")
	}
	switch response.Status {
	case ocsp.Good:
		return "good"
	case ocsp.Revoked:
		return fmt.Sprint("revoked ", response.RevocationReason)
	default:
		return "unknown"
	}
}

func readCRL(leaf, issuer *x509.Certificate) string {
	answer, err := http.Get(leaf.CRLDistributionPoints[0])
	must(err)
	der, err := io.ReadAll(answer.Body)
	must(err)
	list, err := x509.ParseRevocationList(der)
	must(err)
	must(list.CheckSignatureFrom(issuer))
	if time.Now().After(list.NextUpdate) {
		log.Fatal("the list is not of now")
	}
	for _, entry := range list.RevokedCertificateEntries {
		if entry.SerialNumber.Cmp(leaf.SerialNumber) == 0 {
			return fmt.Sprint("revoked ", entry.ReasonCode)
		}
	}
	return "good"
}

func read(file string) *x509.Certificate {
	text, err := os.ReadFile(file)
	must(err)
	block, _ := pem.Decode(text)
	certificate, err := x509.ParseCertificate(block.Bytes)
	must(err)
	return certificate
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
