// Keys reads and writes key files in Go, in every format that it knows.
//
// Usage: keys read FILE PASSWORD, which prints the public key as PEM; or keys write KIND FOLDER PASSWORD, which writes
// a new key of kind p256, p384, p521, ed25519 or rsa, and public.pem.
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"log"
	"os"
	"path/filepath"

	"golang.org/x/crypto/ssh"
)

func main() {
	log.SetFlags(0)
	if os.Args[1] == "read" {
		must(pem.Encode(os.Stdout, public(read(os.Args[2], os.Args[3]))))
		return
	}
	write(os.Args[2], os.Args[3], os.Args[4])
}

func read(file, password string) any {
	data, err := os.ReadFile(file)
	must(err)
	block, _ := pem.Decode(data)
	if block == nil {
		if key, err := x509.ParsePKCS8PrivateKey(data); err == nil {
			return key
		}
		if key, err := x509.ParseECPrivateKey(data); err == nil {
			return key
		}
		key, err := x509.ParsePKCS1PrivateKey(data)
		must(err)
		return key
	}
	var key any
	switch {
	case block.Type == "OPENSSH PRIVATE KEY" && password != "":
		key, err = ssh.ParseRawPrivateKeyWithPassphrase(data, []byte(password))
	case block.Type == "OPENSSH PRIVATE KEY":
		key, err = ssh.ParseRawPrivateKey(data)
	case block.Type == "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case block.Type == "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case block.Type == "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		log.Fatal("unexpected ", block.Type)
	}
	must(err)
	if pointer, ok := key.(*ed25519.PrivateKey); ok {
		return *pointer
	}
	return key
}

func public(key any) *pem.Block {
	der, err := x509.MarshalPKIXPublicKey(key.(crypto.Signer).Public())
	must(err)
	return &pem.Block{Type: "PUBLIC KEY", Bytes: der}
}

func write(kind, folder, password string) {
	key := generate(kind)
	save := func(name string, block *pem.Block) {
		must(os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(block), 0o600))
	}
	save("public.pem", public(key))
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	save("pkcs8.pem", &pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	must(os.WriteFile(filepath.Join(folder, "pkcs8.der"), pkcs8, 0o600))
	label, traditional := "", []byte(nil)
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		label = "EC PRIVATE KEY"
		traditional, err = x509.MarshalECPrivateKey(key)
		must(err)
	case *rsa.PrivateKey:
		label, traditional = "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)
	}
	if traditional != nil {
		save("traditional.pem", &pem.Block{Type: label, Bytes: traditional})
		// Nobody should write it any more, but files of it are everywhere.
		encrypted, err := x509.EncryptPEMBlock(rand.Reader, label, traditional, []byte(password), x509.PEMCipherAES256)
		must(err)
		save("legacy.encrypted", encrypted)
	}
	openssh, err := ssh.MarshalPrivateKey(key, "a comment")
	must(err)
	save("openssh.pem", openssh)
	openssh, err = ssh.MarshalPrivateKeyWithPassphrase(key, "a comment", []byte(password))
	must(err)
	save("openssh.encrypted", openssh)
	sshKey, err := ssh.NewPublicKey(key.Public())
	must(err)
	must(os.WriteFile(filepath.Join(folder, "line.pub"), ssh.MarshalAuthorizedKey(sshKey), 0o600))
}

func generate(kind string) crypto.Signer {
	curves := map[string]elliptic.Curve{"p256": elliptic.P256(), "p384": elliptic.P384(), "p521": elliptic.P521()}
	var key crypto.Signer
	var err error
	switch kind {
	case "ed25519":
		_, key, err = ed25519.GenerateKey(rand.Reader)
	case "rsa":
		key, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		key, err = ecdsa.GenerateKey(curves[kind], rand.Reader)
	}
	must(err)
	return key
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
