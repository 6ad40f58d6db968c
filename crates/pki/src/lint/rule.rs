//! The rules, each with a name that does not change and the place where it is written.

/// A rule for certificates.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, which does not change.
    pub id: &'static str,
    /// Where it is written.
    pub section: &'static str,
    /// What is wrong with a certificate that breaks it.
    pub text: &'static str,
}

macro_rules! rules {
    ($($name:ident = $id:literal, $section:literal, $text:literal;)*) => {
        $(pub(super) static $name: Rule = Rule { id: $id, section: $section, text: $text };)*

        impl Rule {
            /// Every rule there is.
            pub const ALL: &'static [&'static Self] = &[$(&$name),*];
        }
    };
}

rules! {
    AKI_MISMATCH = "aki_mismatch", "RFC 5280 §4.2.1.1", "the authority key identifier is not the subject key identifier of the issuer";
    AKI_MISSING = "aki_missing", "RFC 5280 §4.2.1.1", "there is no authority key identifier";
    CA_CONSTRAINTS = "ca_constraints", "RFC 5280 §4.2.1.9", "a CA has no basic constraints that say so";
    CA_CONSTRAINTS_CRITICAL = "ca_constraints_not_critical", "RFC 5280 §4.2.1.9", "the basic constraints of a CA are not critical";
    CA_NO_CERT_SIGN = "ca_no_cert_sign", "RFC 5280 §4.2.1.3", "the key usage of a CA lacks keyCertSign";
    CA_PATH_LENGTH = "ca_path_length", "RFC 5280 §4.2.1.9", "the path length of the issuer allows no CA below it";
    EKU_BEYOND_ISSUER = "eku_beyond_issuer", "RFC 5280 §4.2.1.12", "the issuer is limited to other purposes";
    EXTENSION_DUPLICATE = "extension_duplicate", "RFC 5280 §4.2", "two extensions are of one kind";
    EXTENSION_MALFORMED = "extension_malformed", "RFC 5280 §4.2", "an extension is malformed or empty";
    ISSUER_EMPTY = "issuer_empty", "RFC 5280 §4.1.2.4", "the issuer has no name";
    ISSUER_MISMATCH = "issuer_mismatch", "RFC 5280 §6.1.3", "the issuer's name is not the subject of the issuing certificate";
    ISSUER_NOT_CA = "issuer_not_ca", "RFC 5280 §4.2.1.9", "the issuer is not a CA that may sign certificates";
    KEY_UNKNOWN = "key_unknown", "RFC 5480 §2.1.1", "the public key is malformed or of an unknown kind";
    KEY_USAGE_CRITICAL = "key_usage_not_critical", "RFC 5280 §4.2.1.3", "the key usage is not critical";
    KEY_USAGE_EMPTY = "key_usage_empty", "RFC 5280 §4.2.1.3", "the key usage allows nothing";
    KEY_USAGE_MISSING = "key_usage_missing", "RFC 5280 §4.2.1.3", "there is no key usage";
    KEY_USAGE_UNFIT = "key_usage_unfit", "RFC 5480 §3, RFC 8410 §5", "the key usage is not possible with this kind of key";
    KEY_WEAK = "key_weak", "RFC 9325 §4.5", "the RSA key has fewer than 2048 or more than 8192 bits";
    LEAF_CA = "leaf_ca", "RFC 5280 §4.2.1.9", "the basic constraints say CA or a path length";
    LEAF_CERT_SIGN = "leaf_cert_sign", "RFC 5280 §4.2.1.3", "the key usage has keyCertSign or cRLSign, which are for CAs";
    LEAF_NAME_CONSTRAINTS = "leaf_name_constraints", "RFC 5280 §4.2.1.10", "there are name constraints, which are for CAs";
    NAMES_CONSTRAINTS_CRITICAL = "name_constraints_not_critical", "RFC 5280 §4.2.1.10", "the name constraints are not critical";
    NAMES_NOT_PERMITTED = "names_not_permitted", "RFC 5280 §4.2.1.10", "the name constraints of the issuer do not allow a name";
    OUTLIVES_ISSUER = "outlives_issuer", "RFC 5280 §6.1.3", "it is valid longer than the issuing certificate";
    SAN_CRITICAL = "san_critical", "RFC 5280 §4.2.1.6", "the alternative names are critical although there is a subject";
    SAN_MISSING = "san_missing", "RFC 5280 §4.2.1.6", "there is neither a subject nor an alternative name";
    SAN_NOT_CRITICAL = "san_not_critical", "RFC 5280 §4.2.1.6", "the alternative names are not critical although there is no subject";
    SERIAL_LONG = "serial_long", "RFC 5280 §4.1.2.2", "the serial number has more than 20 octets";
    SERIAL_ZERO = "serial_zero", "RFC 5280 §4.1.2.2", "the serial number is not positive";
    SIGNATURE_ALGORITHM = "signature_algorithm", "RFC 5280 §4.1.1.2", "the signature algorithm is unknown or not one of the issuer's key";
    SKI_CRITICAL = "key_identifier_critical", "RFC 5280 §4.2.1.1, §4.2.1.2", "a key identifier is critical";
    SKI_MISMATCH = "ski_mismatch", "RFC 5280 §4.2.1.2", "the subject key identifier is not the SHA-1 of the public key";
    SKI_MISSING = "ski_missing", "RFC 5280 §4.2.1.2", "there is no subject key identifier";
    SUBJECT_EMPTY = "subject_empty", "RFC 5280 §4.1.2.6", "a CA has no subject";
    VALIDITY_ENCODING = "validity_encoding", "RFC 5280 §4.1.2.5", "a time is not written as UTCTime until 2049 and GeneralizedTime afterwards";
    VALIDITY_ORDER = "validity_order", "RFC 5280 §4.1.2.5", "it ends before it begins";
    VERSION = "version", "RFC 5280 §4.1.2.1", "the version is not 3";
}
