//! Files that other programs write, and other programs that read ours.

use std::{fs, path::Path, process::Command};

use super::*;

/// A folder of its own in which programs run.
struct Bench(tempfile::TempDir);

impl Bench {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Run a program on files of the folder; its arguments are separated by spaces.
    #[track_caller]
    fn run(&self, command: &str) {
        let mut words = command.split(' ');
        let output = Command::new(words.next().unwrap()).args(words).current_dir(self.path()).output().unwrap();
        assert!(output.status.success(), "{command}\n{}", String::from_utf8_lossy(&output.stderr));
    }

    /// The same, and what is then in the file `out`.
    #[track_caller]
    fn make(&self, command: &str) -> Vec<u8> {
        let _ = fs::remove_file(self.path().join("out"));
        self.run(command);
        fs::read(self.path().join("out")).unwrap()
    }

    /// Take the password `pass` from a key of OpenSSH.
    #[track_caller]
    fn remove_password(&self, name: &str) {
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-p", "-f", name, "-P", "pass", "-N", ""]).current_dir(self.path());
        assert!(command.output().unwrap().status.success());
    }

    fn write(&self, name: &str, contents: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), contents).unwrap();
    }
}

#[track_caller]
fn check_unsupported(contents: &[u8], expected: &str) {
    let error = read_private_key(contents, Some(b"pass")).unwrap_err();
    assert_eq!(error, KeyFileError::Unsupported(expected.to_owned()));
}

#[test]
fn openssl_reads_what_we_write() {
    let bench = Bench::new();
    for key in KINDS.into_iter().filter(is_classic).map(key) {
        let public = pem::encode("PUBLIC KEY", key.public_key().spki());
        bench.write("clear", to_pem(&key).as_bytes());
        assert_eq!(bench.make("openssl pkey -in clear -pubout -out out"), public.as_bytes());
        bench.write("encrypted", to_encrypted_pkcs8_pem(&key, "pässword".as_bytes()).unwrap());
        bench.write("password", "pässword\n");
        let read = bench.make("openssl pkey -in encrypted -passin file:password -pubout -out out");
        assert_eq!(read, public.as_bytes());
    }
}

#[test]
fn we_read_what_openssl_writes_in_clear() {
    let bench = Bench::new();
    for options in [
        "EC -pkeyopt ec_paramgen_curve:P-256",
        "EC -pkeyopt ec_paramgen_curve:P-384",
        "EC -pkeyopt ec_paramgen_curve:P-521",
        "ED25519",
        "RSA -pkeyopt rsa_keygen_bits:2048",
        "RSA -pkeyopt rsa_keygen_bits:3072",
    ] {
        let pem = bench.make(&format!("openssl genpkey -algorithm {options} -out out"));
        let key = read_private_key(&pem, None).unwrap();
        check_read(&pem, None, &key);
        bench.write("key", &pem);
        let public = bench.make("openssl pkey -in key -pubout -out out");
        assert_eq!(&read_public_key(&public).unwrap(), key.public_key());
        check_read(&bench.make("openssl pkey -in key -outform DER -out out"), None, &key);
        check_read(&bench.make("openssl pkcs8 -in key -topk8 -nocrypt -outform DER -out out"), None, &key);
        if options != "ED25519" {
            check_read(&bench.make("openssl pkey -in key -traditional -out out"), None, &key);
            check_truncations(&bench.make("openssl pkey -in key -traditional -out out"), None);
        }
    }
    let with_parameters = bench.make("openssl ecparam -name prime256v1 -genkey -out out");
    assert!(read_private_key(&with_parameters, None).is_ok());
}

#[test]
fn we_read_what_openssl_encrypts() {
    let bench = Bench::new();
    for key in [key(KeyAlgorithm::EcP256), key(KeyAlgorithm::Rsa { bits: 2048 })] {
        bench.write("key", to_pem(&key).as_bytes());
        for options in [
            "-v2 aes-128-cbc",
            "-v2 aes-192-cbc",
            "-v2 aes-256-cbc",
            "-v2 des3",
            "-v2 aes-256-cbc -v2prf hmacWithSHA1",
            "-v2 aes-256-cbc -v2prf hmacWithSHA384",
            "-v2 aes-256-cbc -v2prf hmacWithSHA512 -iter 100000",
            "-v2 aes-128-cbc -outform DER",
            "-scrypt",
            "-scrypt -scrypt_N 4096 -scrypt_r 16 -scrypt_p 2 -v2 aes-128-cbc",
        ] {
            let command = format!("openssl pkcs8 -in key -topk8 {options} -passout pass:pass -out out");
            check_read(&bench.make(&command), Some(b"pass"), &key);
        }
        let tool = if key.algorithm().curve().is_some() { "ec" } else { "rsa -traditional" };
        for cipher in ["aes128", "aes192", "aes256", "des3", "des -provider legacy -provider default"] {
            let command = format!("openssl {tool} -in key -{cipher} -passout pass:pass -out out");
            let encrypted = bench.make(&command);
            assert!(String::from_utf8_lossy(&encrypted).contains("DEK-Info"), "{command}");
            check_read(&encrypted, Some(b"pass"), &key);
            check_truncations(&encrypted, Some(b"pass"));
        }
    }
}

#[test]
fn encryptions_that_are_not_supported_are_named() {
    let bench = Bench::new();
    bench.write("key", to_pem(&key(KeyAlgorithm::EcP256)).as_bytes());
    let encrypt =
        |options: &str| bench.make(&format!("openssl pkcs8 -in key -topk8 {options} -passout pass:pass -out out"));
    let costly = encrypt("-scrypt -scrypt_N 1024 -scrypt_r 8 -scrypt_p 17");
    check_unsupported(&costly, "scrypt of so high a cost (N=1024, r=8, p=17)");
    check_unsupported(&encrypt("-v1 PBE-SHA1-3DES"), "the old encryption of PKCS#12");
    let old = encrypt("-v1 PBE-MD5-DES -provider legacy -provider default");
    check_unsupported(&old, "the old encryption PBES1");
    check_unsupported(&encrypt("-v2 camellia-128-cbc"), "the cipher 1.2.392.200011.61.1.1.1.2");
    let camellia = bench.make("openssl ec -in key -camellia128 -passout pass:pass -out out");
    check_unsupported(&camellia, "the encryption CAMELLIA-128-CBC");
}

#[test]
fn keys_that_are_not_supported_are_named() {
    let bench = Bench::new();
    for (options, expected) in [
        ("EC -pkeyopt ec_paramgen_curve:P-224", "the elliptic curve P-224"),
        ("EC -pkeyopt ec_paramgen_curve:secp256k1", "the elliptic curve secp256k1"),
        ("EC -pkeyopt ec_paramgen_curve:brainpoolP256r1", "the elliptic curve 1.3.36.3.3.2.8.1.1.7"),
        ("ED448", "Ed448"),
        ("X448", "X448"),
        ("RSA -pkeyopt rsa_keygen_bits:1024", "RSA and 1024 bits (2048 to 8192 are)"),
        ("RSA-PSS -pkeyopt rsa_keygen_bits:2048", "RSASSA-PSS parameters"),
    ] {
        check_unsupported(&bench.make(&format!("openssl genpkey -algorithm {options} -out out")), expected);
    }
    let curve = bench.make("openssl ecparam -name secp224r1 -genkey -noout -out out");
    check_unsupported(&curve, "the elliptic curve P-224");
}

#[test]
fn public_keys_of_certificates_and_requests_are_read() {
    let bench = Bench::new();
    let key = key(KeyAlgorithm::EcP256);
    bench.write("key", to_pem(&key).as_bytes());
    for command in [
        "openssl req -new -key key -subj /CN=a -out out",
        "openssl req -new -key key -subj /CN=a -outform DER -out out",
        "openssl req -new -x509 -key key -subj /CN=a -out out",
        "openssl req -new -x509 -key key -subj /CN=a -outform DER -out out",
        "openssl pkey -in key -pubout -outform DER -out out",
    ] {
        let contents = bench.make(command);
        assert_eq!(&read_public_key(&contents).unwrap(), key.public_key(), "{command}");
        assert_eq!(read_private_key(&contents, None).map(drop), Err(KeyFileError::NotAKey("private key")));
    }
}

#[test]
fn we_read_what_ssh_keygen_writes() {
    let bench = Bench::new();
    for kind in ["ed25519", "ecdsa -b 256", "ecdsa -b 384", "ecdsa -b 521", "rsa -b 2048", "rsa -b 3072"] {
        let encrypted = bench.make(&format!("ssh-keygen -q -t {kind} -a 2 -C a@b -f out -N pass"));
        fs::remove_file(bench.path().join("out.pub")).unwrap();
        let key = read_private_key(&encrypted, Some(b"pass")).unwrap();
        check_read(&encrypted, Some(b"pass"), &key);

        bench.remove_password("out");
        let clear = fs::read(bench.path().join("out")).unwrap();
        check_read(&clear, None, &key);
        check_truncations(&clear, None);
    }
}

#[test]
fn every_cipher_of_ssh_keygen_is_read_or_named() {
    let bench = Bench::new();
    let first = bench.make("ssh-keygen -q -t ed25519 -a 2 -f out -N pass");
    let key = read_private_key(&first, Some(b"pass")).unwrap();
    let encrypt = |cipher: &str| {
        bench.run(&format!("ssh-keygen -q -p -Z {cipher} -a 2 -f out -P pass -N pass"));
        fs::read(bench.path().join("out")).unwrap()
    };
    for cipher in ["aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-cbc", "aes192-cbc", "aes256-cbc"] {
        check_read(&encrypt(cipher), Some(b"pass"), &key);
    }
    check_unsupported(&encrypt("aes256-gcm@openssh.com"), "the encryption aes256-gcm@openssh.com");
    check_unsupported(&encrypt("chacha20-poly1305@openssh.com"), "the encryption chacha20-poly1305@openssh.com");
}
