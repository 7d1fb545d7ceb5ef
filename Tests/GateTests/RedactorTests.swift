import Testing

@testable import Gate

@Suite("Secrets taken out of recorded text")
struct RedactorTests {
  private let redactor = Redactor(environment: [
    "DEPLOY_TOKEN": "canary-4711-canary", "SHORT_TOKEN": "abc", "PATH": "/usr/bin:/bin",
  ])

  @Test("values of variables that speak of secrets go, others stay")
  func knownValues() {
    #expect(redactor.redact("curl -H canary-4711-canary x") == "curl -H [redacted: $DEPLOY_TOKEN] x")
    #expect(redactor.redact("abc in /usr/bin:/bin") == "abc in /usr/bin:/bin")
  }

  @Test("tokens of a known make go wherever they stand")
  func tokens() {
    let token = "ghp_" + String(repeating: "a1B2", count: 9)
    #expect(
      redactor.redact("x=\(token); y=\(token).")
        == "x=[redacted: a GitHub token]; y=[redacted: a GitHub token].")
    #expect(redactor.redact("ghp_short stays") == "ghp_short stays")
  }

  @Test("a private key goes with its body")
  func keys() {
    let text = "before\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY-----\nafter"
    #expect(redactor.redact(text) == "before\n[redacted: a private key]\n\n\n\nafter")
  }

  @Test("text without secrets is unchanged")
  func plain() {
    for text in ["", "one line", "two\nlines\n", "ümlaut …"] { #expect(redactor.redact(text) == text) }
  }
}
