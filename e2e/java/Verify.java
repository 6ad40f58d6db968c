import java.io.FileInputStream;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateRevokedException;
import java.security.cert.PKIXParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Says what Java makes of a certificate. Usage: Verify ROOT INTERMEDIATE CERTIFICATE ocsp|crl */
public class Verify {
    public static void main(String[] arguments) throws Exception {
        if (arguments[3].equals("crl")) {
            System.setProperty("com.sun.security.enableCRLDP", "true");
        }
        X509Certificate root = read(arguments[0]);
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        var path = factory.generateCertPath(List.of(read(arguments[2]), read(arguments[1])));
        CertPathValidator validator = CertPathValidator.getInstance("PKIX");
        PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();
        var options = EnumSet.of(
            PKIXRevocationChecker.Option.ONLY_END_ENTITY, PKIXRevocationChecker.Option.NO_FALLBACK);
        if (arguments[3].equals("crl")) {
            options.add(PKIXRevocationChecker.Option.PREFER_CRLS);
        }
        checker.setOptions(options);
        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
        parameters.addCertPathChecker(checker);
        try {
            validator.validate(path, parameters);
            System.out.println("good");
        } catch (CertPathValidatorException error) {
            if (error.getCause() instanceof CertificateRevokedException revoked) {
                System.out.println("revoked " + revoked.getRevocationReason());
            } else {
                throw error;
            }
        }
    }

    private static X509Certificate read(String file) throws Exception {
        try (FileInputStream stream = new FileInputStream(file)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(stream);
        }
    }
}
