use super::*;

#[test]
fn what_is_written_is_read() {
    for len in [0, 1, 47, 48, 49, 200] {
        let contents: Vec<u8> = (0..len).map(|number| number as u8).collect();
        let text = encode("CERTIFICATE", &contents);
        assert!(text.lines().all(|line| line.len() <= 64), "{text}");
        let blocks = decode_all(text.as_bytes()).unwrap();
        assert_eq!(blocks.len(), 1);
        assert_eq!(*blocks[0].contents, contents);
    }
}

#[test]
fn text_between_blocks_and_headers_are_taken_apart() {
    let text = "subject=x\r\n-----BEGIN EC PRIVATE KEY-----\r\nProc-Type: 4,ENCRYPTED\r\nDEK-Info: AES-256-CBC,00\r\n\r\nAAEC\r\n-----END EC PRIVATE KEY-----\r\nafter\n-----BEGIN X-----\nAA==\n-----END X-----";
    let blocks = decode_all(text.as_bytes()).unwrap();
    assert_eq!(blocks[0].headers[1], ("DEK-Info".to_owned(), "AES-256-CBC,00".to_owned()));
    assert_eq!(*blocks[0].contents, [0, 1, 2]);
    assert_eq!((blocks[1].label.as_str(), &**blocks[1].contents), ("X", &[0][..]));
}

#[test]
fn broken_blocks_say_where() {
    let error = |text: &str| decode_all(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(error("\n-----BEGIN A-----\nAAAA\n"), "line 2: the block A has no end line");
    assert_eq!(error("-----BEGIN A-----\n-----END B-----"), "line 1: the block A has no end line");
    assert_eq!(error("-----BEGIN A-----\n!\n-----END A-----"), "line 1: the content of the block A is not base64");
}
