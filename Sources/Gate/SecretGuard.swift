import Migration

extension TreeChange {
  /// Secrets in lines that the change adds: private keys, tokens of known make, and literals that a name
  /// calls a secret and that look like one. The finding names the kind, never the secret.
  public func secretFindings() -> [GuardFinding] {
    var findings: [GuardFinding] = []
    for change in paths {
      guard let path = change.newPath, let new = newText(path) else { continue }
      for (number, text) in addedLines(old: change.oldPath.flatMap(oldText), new: new) {
        guard let kind = Secret.kind(in: text) else { continue }
        findings.append(GuardFinding(guardName: .secrets, path: path, line: number, message: "adds \(kind)"))
      }
    }
    return findings
  }
}

/// What secrets look like. Only patterns that are nearly never anything else: a guard that cries wolf is
/// removed.
enum Secret {
  /// A token that starts with `prefix` and goes on with at least `length` characters of `alphabet`.
  private struct Token {
    var prefix: String
    var length: Int
    var alphabet: Alphabet = .word
    var kind: String
  }

  private enum Alphabet {
    case upper, word, dashed

    func contains(_ byte: UInt8) -> Bool {
      let isDigit = byte >= 0x30 && byte <= 0x39
      let isUpper = byte >= 0x41 && byte <= 0x5A
      switch self {
      case .upper: return isDigit || isUpper
      case .word: return isDigit || isUpper || (byte >= 0x61 && byte <= 0x7A) || byte == 0x5F
      case .dashed: return Alphabet.word.contains(byte) || byte == 0x2D
      }
    }
  }

  private static let tokens: [Token] = [
    Token(prefix: "AKIA", length: 16, alphabet: .upper, kind: "an AWS access key id"),
    Token(prefix: "ASIA", length: 16, alphabet: .upper, kind: "an AWS access key id"),
    Token(prefix: "ghp_", length: 36, kind: "a GitHub token"),
    Token(prefix: "gho_", length: 36, kind: "a GitHub token"),
    Token(prefix: "ghu_", length: 36, kind: "a GitHub token"),
    Token(prefix: "ghs_", length: 36, kind: "a GitHub token"),
    Token(prefix: "ghr_", length: 36, kind: "a GitHub token"),
    Token(prefix: "github_pat_", length: 40, kind: "a GitHub token"),
    Token(prefix: "glpat-", length: 20, alphabet: .dashed, kind: "a GitLab token"),
    Token(prefix: "xoxb-", length: 20, alphabet: .dashed, kind: "a Slack token"),
    Token(prefix: "xoxp-", length: 20, alphabet: .dashed, kind: "a Slack token"),
    Token(prefix: "xoxa-", length: 20, alphabet: .dashed, kind: "a Slack token"),
    Token(prefix: "xoxr-", length: 20, alphabet: .dashed, kind: "a Slack token"),
    Token(prefix: "xoxs-", length: 20, alphabet: .dashed, kind: "a Slack token"),
    Token(prefix: "AIza", length: 35, alphabet: .dashed, kind: "a Google API key"),
    Token(prefix: "sk-ant-", length: 24, alphabet: .dashed, kind: "an Anthropic API key"),
    Token(prefix: "sk-proj-", length: 24, alphabet: .dashed, kind: "an OpenAI API key"),
    Token(prefix: "sk_live_", length: 16, kind: "a Stripe key"),
    Token(prefix: "rk_live_", length: 16, kind: "a Stripe key"),
    Token(prefix: "npm_", length: 36, kind: "an npm token"),
    Token(prefix: "pypi-AgEI", length: 40, alphabet: .dashed, kind: "a PyPI token"),
    Token(prefix: "hf_", length: 34, kind: "a Hugging Face token"),
    Token(prefix: "dop_v1_", length: 64, kind: "a DigitalOcean token"),
  ]

  /// What kind of secret the line holds, with its article, or `nil`.
  static func kind(in line: Substring) -> String? {
    if let rest = line.after("-----BEGIN "), let title = rest.before("-----"), title.has("PRIVATE KEY") {
      return "a private key"
    }
    for token in tokens where isPresent(token, in: line) { return token.kind }
    return isNamedSecret(line) ? "a literal that is named a secret" : nil
  }

  private static func isPresent(_ token: Token, in line: Substring) -> Bool {
    var rest = line
    var isAtBoundary = true
    while let before = rest.before(token.prefix), let after = rest.after(token.prefix) {
      if let last = before.utf8.last { isAtBoundary = !Alphabet.word.contains(last) }
      let body = after.utf8.prefix { token.alphabet.contains($0) }
      if isAtBoundary, body.count >= token.length, !isPlaceholder(Substring(body)) { return true }
      isAtBoundary = false
      rest = after
    }
    return false
  }

  /// The line with each token of a known make replaced.
  static func redacted(_ line: Substring) -> String {
    var text = String(line)
    for token in tokens where text.contains(token.prefix) {
      var (rest, clean) = (Substring(text), "")
      while let before = rest.before(token.prefix), let after = rest.after(token.prefix) {
        let body = after.utf8.prefix { token.alphabet.contains($0) }
        clean += before
        clean +=
          body.count >= token.length ? "[redacted: \(token.kind)]" : token.prefix + String(Substring(body))
        rest = after.dropFirst(body.count)
      }
      text = clean + rest
    }
    return text
  }

  private static let names = [
    "password", "passwd", "secret", "token", "api_key", "apikey", "api-key", "access_key", "private_key",
    "client_secret", "auth_key",
  ]

  /// `password = "…"`, `"api_key": "…"`: a long literal of letters and digits that no person would think up.
  private static func isNamedSecret(_ line: Substring) -> Bool {
    let bytes = Array(line.utf8.prefix(2000))
    guard let equals = bytes.firstIndex(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") }) else {
      return false
    }
    let name = Substring(String(decoding: bytes[..<equals], as: UTF8.self).lowercased())
    guard names.contains(where: name.has) else { return false }
    var value = bytes[(equals + 1)...].drop { $0 == 0x20 || $0 == UInt8(ascii: "=") }
    guard let quote = value.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
      return false
    }
    value = value.dropFirst()
    guard let end = value.firstIndex(of: quote) else { return false }
    let literal = value[..<end]
    guard literal.count >= 20, literal.allSatisfy(isSecretByte) else { return false }
    let hasDigit = literal.contains { $0 >= 0x30 && $0 <= 0x39 }
    let hasLetter = literal.contains { $0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A }
    return hasDigit && hasLetter && distinct(literal) >= 12
      && !isPlaceholder(Substring(String(decoding: literal, as: UTF8.self)))
  }

  private static func isSecretByte(_ byte: UInt8) -> Bool {
    Alphabet.dashed.contains(byte) || "+/=.".utf8.contains(byte)
  }

  private static func distinct(_ bytes: ArraySlice<UInt8>) -> Int { Set(bytes).count }

  /// Documentation's own secrets, such as `AKIAIOSFODNN7EXAMPLE`.
  private static func isPlaceholder(_ text: Substring) -> Bool {
    let lower = Substring(text.lowercased())
    let words = [
      "example", "xxxx", "placeholder", "changeme", "dummy", "redacted", "your", "0000000", "123456789",
    ]
    return words.contains(where: lower.has) || Set(text.utf8).count < 6
  }
}
