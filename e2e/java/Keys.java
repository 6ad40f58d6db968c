import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;

/**
 * Reads and writes key files in Java. Usage: Keys read KIND FILE PASSWORD PUBLIC, which signs with the private key in DER,
 * and verifies with the public one; or Keys write KIND FOLDER PASSWORD.
 */
public class Keys {
    private static final Map<String, String> CURVES =
        Map.of("p256", "secp256r1", "p384", "secp384r1", "p521", "secp521r1");

    public static void main(String[] arguments) throws Exception {
        String kind = arguments[1];
        if (arguments[0].equals("write")) {
            write(kind, Path.of(arguments[2]), arguments[3]);
            return;
        }
        KeyFactory factory = KeyFactory.getInstance(algorithm(kind));
        byte[] der = Files.readAllBytes(Path.of(arguments[2]));
        PrivateKey key = factory.generatePrivate(arguments[3].isEmpty()
            ? new PKCS8EncodedKeySpec(der)
            : decrypt(new EncryptedPrivateKeyInfo(der), arguments[3]));
        PublicKey other = factory.generatePublic(new X509EncodedKeySpec(Files.readAllBytes(Path.of(arguments[4]))));
        Signature signature = Signature.getInstance(signing(kind));
        signature.initSign(key);
        signature.update(der);
        byte[] signed = signature.sign();
        signature.initVerify(other);
        signature.update(der);
        System.out.println(signature.verify(signed) ? "one pair" : "two pairs");
    }

    private static PKCS8EncodedKeySpec decrypt(EncryptedPrivateKeyInfo info, String password) throws Exception {
        // The parameters name the scheme that their identifier, PBES2, leaves open.
        AlgorithmParameters parameters = info.getAlgParameters();
        Cipher cipher = Cipher.getInstance(parameters.toString());
        SecretKeyFactory keys = SecretKeyFactory.getInstance(parameters.toString());
        cipher.init(Cipher.DECRYPT_MODE, keys.generateSecret(new PBEKeySpec(password.toCharArray())), parameters);
        return info.getKeySpec(cipher);
    }

    private static void write(String kind, Path folder, String password) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm(kind));
        if (CURVES.containsKey(kind)) {
            generator.initialize(new ECGenParameterSpec(CURVES.get(kind)));
        } else if (kind.equals("rsa")) {
            generator.initialize(2048);
        }
        var pair = generator.generateKeyPair();
        Files.write(folder.resolve("pkcs8.der"), pair.getPrivate().getEncoded());
        for (String scheme : List.of(
                "PBEWithHmacSHA1AndAES_128", "PBEWithHmacSHA256AndAES_256", "PBEWithHmacSHA512AndAES_256")) {
            Cipher cipher = Cipher.getInstance(scheme);
            SecretKeyFactory keys = SecretKeyFactory.getInstance(scheme);
            cipher.init(Cipher.ENCRYPT_MODE, keys.generateSecret(new PBEKeySpec(password.toCharArray())));
            // Java knows the identifier by this name alone.
            AlgorithmParameters parameters = AlgorithmParameters.getInstance("PBES2");
            parameters.init(cipher.getParameters().getEncoded());
            var info = new EncryptedPrivateKeyInfo(parameters, cipher.doFinal(pair.getPrivate().getEncoded()));
            Files.write(folder.resolve(scheme + ".encrypted"), info.getEncoded());
        }
        String text = Base64.getMimeEncoder(64, "\n".getBytes()).encodeToString(pair.getPublic().getEncoded());
        Files.writeString(
            folder.resolve("public.pem"), "-----BEGIN PUBLIC KEY-----\n" + text + "\n-----END PUBLIC KEY-----\n");
    }

    private static String algorithm(String kind) {
        return CURVES.containsKey(kind) ? "EC" : kind.equals("rsa") ? "RSA" : "Ed25519";
    }

    private static String signing(String kind) {
        return CURVES.containsKey(kind) ? "SHA256withECDSA" : kind.equals("rsa") ? "SHA256withRSA" : "Ed25519";
    }
}
