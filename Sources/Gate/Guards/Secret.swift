/// What secrets look like. Only patterns that are nearly never anything else: a guard that cries wolf is
/// removed.
enum Secret {
  /// What a line holds.
  struct Match {
    /// With its article.
    var kind: String
    /// The secret itself; never told to anybody.
    var value: String
  }

  /// The secret in a line, or `nil`. `next` is the line after it, `previous` the one before.
  /// Of words nobody is told a secret by its name.
  static func match(
    in line: Substring, previous: Substring = "", next: Substring = "", isOfWords: Bool = false
  ) -> Match? {
    if isKey(line, next) { return Match(kind: "a private key", value: String(line.trimmed)) }
    if let found = tokens(in: Array(line.utf8)).first {
      return Match(kind: found.format.kind, value: found.value)
    }
    if let value = telegram(line) { return Match(kind: "a Telegram token", value: value) }
    if let value = webToken(line) { return Match(kind: "a JSON web token", value: value) }
    if let value = inAddress(line) { return Match(kind: "a password in an address", value: value) }
    if let value = inConnection(line) { return Match(kind: "a password in a connection", value: value) }
    if isOfWords { return nil }
    if let value = NamedSecret.value(in: line, previous: previous) {
      return Match(kind: "a literal that is named a secret", value: value)
    }
    return nil
  }

  /// The line with each token of a known make replaced.
  static func redacted(_ line: Substring) -> String {
    let bytes = Array(line.utf8)
    var (result, position) = ([UInt8](), 0)
    for found in tokens(in: bytes, isCareful: false) {
      result += bytes[position..<found.range.lowerBound]
      result += "[redacted: \(found.format.kind)]".utf8
      position = found.range.upperBound
    }
    return position == 0 ? String(line) : String(decoding: result + bytes[position...], as: UTF8.self)
  }

  /// The tokens of known make in a line, from left to right.
  private static func tokens(in bytes: [UInt8], isCareful: Bool = true) -> [(
    format: SecretFormat, value: String, range: Range<Int>
  )] {
    var found: [(SecretFormat, String, Range<Int>)] = []
    var index = 0
    while index < bytes.count {
      let isStart = index == 0 || !isWord(bytes[index - 1])
      for format in SecretFormat.byFirstByte[Int(bytes[index])]
      where isStart || format.prefix.hasPrefix("hooks.") || !isCareful && format.prefix.utf8.count >= 4 {
        let start = index + format.prefix.utf8.count
        guard start < bytes.count, bytes[index..<start].elementsEqual(format.prefix.utf8) else { continue }
        let body = bytes[start...].prefix { format.alphabet.contains($0) }
        let text = Substring(String(decoding: body, as: UTF8.self))
        guard body.count >= format.length else { continue }
        // What is told to others is better cut once too often.
        if isCareful, isPlaceholder(text) || format.length >= 10 && !looksMade(text) { continue }
        found.append((format, format.prefix + text, index..<body.endIndex))
        index = body.endIndex - 1
        break
      }
      index += 1
    }
    return found
  }

  static func isWord(_ byte: UInt8) -> Bool {
    byte == 0x5F || (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
  }

  /// Not one word, not one letter over and over.
  private static func looksMade(_ text: Substring) -> Bool {
    Set(text.utf8).count >= 6
      && text.utf8.contains { ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x41 && $0 <= 0x5A) }
  }

  private static func isKey(_ line: Substring, _ next: Substring) -> Bool {
    guard let rest = line.after("-----BEGIN "), let title = rest.before("-----"), title.has("PRIVATE KEY"),
      title.utf8.count < 40
    else { return false }
    if line.trimmed.hasPrefix("-----BEGIN ") { return !title.has("(") }
    // In quotes it may be what somebody looks for; a key has a body.
    func isBody(_ text: Substring) -> Bool {
      var run = 0
      for byte in text.utf8 {
        run = SecretFormat.Alphabet.base64.contains(byte) ? run + 1 : 0
        if run >= 40 { return true }
      }
      return false
    }
    return isBody(rest.after("-----") ?? "") || isBody(next)
  }

  private static func telegram(_ line: Substring) -> String? {
    guard let before = line.before(":AA"), let after = line.after(":AA") else { return nil }
    let digits = before.utf8.reversed().prefix { $0 >= 0x30 && $0 <= 0x39 }.count
    let body = Substring(after.utf8.prefix { SecretFormat.Alphabet.dashed.contains($0) })
    return digits >= 8 && digits <= 10 && body.utf8.count >= 32 ? String(body) : nil
  }

  private static func webToken(_ line: Substring) -> String? {
    guard let after = line.after("eyJ") else { return nil }
    let body = Substring(after.utf8.prefix { SecretFormat.Alphabet.dotted.contains($0) })
    let parts = body.parts(".")
    guard parts.count >= 3, parts[1].hasPrefix("eyJ"), parts[2].utf8.count >= 20, !isPlaceholder(body) else {
      return nil
    }
    return String(body)
  }

  /// `scheme://user:password@host`
  private static func inAddress(_ line: Substring) -> String? {
    guard let rest = line.after("://"), let scheme = line.before("://"), let last = scheme.utf8.last,
      isWord(last)
    else { return nil }
    let authority = Substring(
      rest.utf8.prefix {
        $0 > 0x20 && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "'")
          && $0 != UInt8(ascii: "`") && $0 != UInt8(ascii: "<")
      })
    guard let at = authority.lastIndex(of: "@"), let password = authority[..<at].after(":"),
      password.utf8.count >= 8
    else { return nil }
    let lower = password.lowercased()
    if isPlaceholder(password) || NamedSecret.isReference(password)
      || ["password", "passwd", "postgres", "secret", "username", "rabbitmq", "letmein1"].contains(lower)
    {
      return nil
    }
    return NamedSecret.isRandom(password, isPassword: true) ? String(password) : nil
  }

  /// `Server=…;User Id=…;Password=…;`
  private static func inConnection(_ line: Substring) -> String? {
    guard line.has(";") else { return nil }
    for name in ["Password=", "password=", "Pwd=", "PWD=", "pwd="] {
      guard let front = line.before(name), let last = front.trimmed.last, ";\"'".contains(last),
        let rest = line.after(name)
      else { continue }
      let value = rest.prefix { !";\"'` ".contains($0) }
      if value.utf8.count >= 8, !isPlaceholder(value), !NamedSecret.isReference(value),
        NamedSecret.isRandom(value, isPassword: true)
      {
        return String(value)
      }
    }
    return nil
  }

  /// Documentation's own secrets, such as `AKIAIOSFODNN7EXAMPLE`.
  static func isPlaceholder(_ text: Substring) -> Bool {
    let lower = Substring(text.lowercased())
    let words = [
      "example", "xxxx", "placeholder", "changeme", "change-me", "change_me", "dummy", "redacted", "your",
      "0000000", "123456789", "sample", "notreal", "not-a-real", "not_a_real", "deadbeef", "insert",
      "replace",
      "fakefake", "testtest", "1234567890", "....", "****",
    ]
    return words.contains(where: lower.has) || Set(text.utf8).count < 6
  }
}
