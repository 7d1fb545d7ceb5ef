import CanonicalJSON
import Migration
import Testing

@Suite struct JSONTests {
  @Test(arguments: [
    (#"null"#, #"null"#), (#" [ true , false ] "#, #"[true,false]"#),
    (#"-9223372036854775808"#, #"-9223372036854775808"#),
    (#"{"b":1,"a":{"d":[],"c":{}}}"#, #"{"a":{"c":{},"d":[]},"b":1}"#),
    (#""\u0041\/\"\\\b\f\n\r\t""#, #""A/\"\\\u0008\u000c\n\r\t""#),
    (#""\ud83d\ude00 ü \u007f""#, #""😀 ü \u007f""#),
    (#"{"é":1,"z":2,"a":3}"#, #"{"a":3,"z":2,"é":1}"#),
  ])
  func canonicalForm(text: String, canonical: String) throws {
    let value = try JSON.parse(text)
    #expect(value.canonical == canonical)
    #expect(try JSON.parse(value.canonicalBytes).canonical == canonical)
  }

  @Test(arguments: [
    "", " ", "nul", "truee", "1.0", "1e3", "-", "-0", "01", "+1", "9223372036854775808", "[1,]", "[,]",
    "[1 2]",
    "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "{\"\\u0061\":1,\"a\":2}", "\"",
    "\"\\x\"",
    "\"\\u12\"", "\"\\ud800\"", "\"\\ud800x\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\n\"", "\"\u{0}\"",
    "1 2",
    "NaN", "Infinity", "'a'", "/**/1", "\u{FEFF}1",
  ])
  func refused(text: String) {
    #expect(throws: JSONFault.self) { try JSON.parse(text) }
  }

  @Test func manyDuplicateKeysAreFoundToo() {
    let members = (0..<40).map { "\"k\($0)\":1" } + ["\"k7\":2"]
    #expect(throws: JSONFault.self) { try JSON.parse("{" + members.joined(separator: ",") + "}") }
  }

  @Test func invalidUTF8() {
    for bytes in [[0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22]] as [[UInt8]] {
      #expect(throws: JSONFault.self) { try JSON.parse(bytes) }
    }
  }

  @Test func `no more values than a reader wants, however short they are`() throws {
    _ = try JSON.parse(Array("[[0],{\"a\":1}]".utf8), maximumValues: 5)
    #expect(throws: JSONFault("it holds too many values")) {
      try JSON.parse(Array("[[0],{\"a\":1}]".utf8), maximumValues: 4)
    }
  }

  @Test func depth() throws {
    func nested(_ levels: Int) -> String {
      String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
    }
    _ = try JSON.parse(nested(33))
    #expect(throws: JSONFault.self) { try JSON.parse(nested(34)) }
    #expect(throws: JSONFault.self) { try JSON.parse(nested(1_000_000)) }
    #expect(throws: JSONFault.self) { try JSON.parse(String(repeating: "{\"a\":", count: 1_000_000)) }
  }
}

@Suite struct SHA256Tests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      String(repeating: "a", count: 1000), "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"
    ),
  ])
  func knownVectors(text: String, digest: String) {
    #expect(SHA256.hexDigest(of: Array(text.utf8)) == digest)
  }

  @Test func everyLengthAroundABlockIsDifferent() {
    let digests = (0...130).map { SHA256.hexDigest(of: [UInt8](repeating: 0, count: $0)) }
    #expect(Set(digests).count == 131)
    #expect(digests[64] == "f5a5fd42d16a20302798ef6ed309979b43003d2320d9f0e8ea9831a92759fb4b")
  }
}

@Suite struct IdentifierTests {
  @Test(arguments: [
    "S1", "a", "0", "pkg-src", "a.b_c-d", String(repeating: "a", count: 63), "lock", "a.lockx",
  ])
  func good(id: String) { #expect(Identifier.stepFault(id) == nil) }

  @Test(arguments: [
    "", "..", "../../x", "a/../b", "a/b", "-x", "--force", "a.lock", "a.LOCK", ".git", "HEAD", "head", "@",
    "@{u}",
    "a..b", "a~1", "a b", "a\nb", "a\u{0}", "a\r", String(repeating: "a", count: 64),
    String(repeating: "a", count: 300), "CON", "nul", "aux.txt", "é", "e\u{301}", "а", "a\u{202E}b", "a.",
    "a^", "a:b",
    "a?", "a*", "a[", "a\\b",
  ])
  func bad(id: String) {
    #expect(Identifier.stepFault(id) != nil)
    #expect(Identifier.migrationFault(id) != nil)
  }

  @Test func migrationsAreInLowerCase() {
    #expect(Identifier.migrationFault("new-logging") == nil)
    #expect(Identifier.migrationFault("New-logging") != nil)
  }

  @Test func objectIDs() {
    let digits = "0123456789abcdef0123456789abcdef01234567"
    #expect(ObjectID(digits)?.short == "0123456789")
    for bad in [
      "", "0", digits.uppercased(), digits + "8", String(digits.dropLast()) + "g",
      String(digits.dropLast()) + "é",
    ] {
      #expect(ObjectID(bad) == nil)
    }
  }

  @Test func timesSaturate() {
    #expect(Timestamp(milliseconds: -5).milliseconds == 0)
    #expect(Timestamp(milliseconds: 1000).adding(seconds: .max).milliseconds == .max)
    #expect(Timestamp(milliseconds: .max).adding(seconds: 1).milliseconds == .max)
    #expect(Timestamp(milliseconds: 1000).adding(seconds: .min).milliseconds == 0)
  }
}
