import func Glibc.log2

/// Values that a name calls a secret and that nobody would think up.
enum NamedSecret {
  private static let names = [
    "password", "passwd", "passphrase", "pwd", "secret", "token", "apikey", "accesskey", "privatekey",
    "authkey", "credential", "signingkey", "encryptionkey", "secretkey", "masterkey", "accountkey",
    "connectionstring",
    "sharedkey", "storagekey", "licensekey", "hmackey", "clientkeydata", "webhookkey", "sessionkey", "jwtkey",
    "appkey", "bearer", "authorization", "authtoken", "passcode", "dockerconfigjson", "serviceaccountkey",
    "basicauth",
  ]
  /// How the names of those begin that nobody can use: made up for a test, or known to all.
  private static let made = [
    "public", "wrong", "bad", "invalid", "fake", "dummy", "incorrect", "weak", "sample", "example", "mock",
    "stale", "expired",
  ]
  /// Names that only speak of one.
  private static let harmless = [
    "hash", "digest", "checksum", "sha256", "sha1", "md5", "fingerprint", "public", "label", "placeholder",
    "hint", "title", "message", "field", "input", "selector", "regex", "pattern", "url", "uri", "path",
    "file", "name", "header", "type", "icon", "color", "style", "class", "ref", "arn", "prefix", "suffix",
    "length", "expiry", "ttl", "endpoint", "tokenizer",
    "algorithm", "method", "mode", "scheme", "strategy", "strength", "meter", "rule", "level", "count",
    "size", "limit", "index", "provider", "description", "error", "testid", "elementid", "i18n",
    "translation", "csrf_field", "policy", "version", "kind", "format", "namespace",
  ]

  static func value(in line: Substring, previous: Substring) -> String? {
    let text = line.utf8.count > 4000 ? Substring(line.utf8.prefix(4000)) : line
    let lower = Substring(text.lowercased())
    // Nearly no line names a secret.
    let hasName = speaks(lower)
    let isNamedBefore =
      (lower.has("value") || lower.has("default")) && previous.utf8.count < 300
      && speaks(Substring(previous.lowercased()))
      && (previous.has("name") || previous.has("key") || previous.hasPrefix("variable \""))
    guard hasName || isNamedBefore else { return nil }
    let bytes = Array(text.utf8)
    if let value = quoted(bytes, isNamedBefore) ?? tagged(text) ?? bare(text, isNamedBefore) ?? spaced(text) {
      return value
    }
    return nil
  }

  private static func speaks(_ lower: Substring) -> Bool {
    let plain = Substring(
      lower.utf8.filter { $0 != 0x5F && $0 != 0x2D && $0 != 0x2E }.map { Character(Unicode.Scalar($0)) }
        .reduce(into: "") { $0.append($1) })
    return names.contains(where: plain.has)
  }

  /// The name that gives a value its meaning: the last one before it.
  private static func isSecretName(_ text: Substring) -> Bool {
    var word: [UInt8] = []
    var words: [String] = []
    for byte in text.utf8 {
      if Secret.isWord(byte) || byte == 0x2D || byte == 0x2E {
        word.append(byte)
      } else if !word.isEmpty {
        words.append(String(decoding: word, as: UTF8.self))
        word = []
      }
    }
    if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
    // Types and the words of a call stand between a name and its value.
    for name in words.suffix(3).reversed() {
      let lower = name.lowercased()
      let plain = lower.filter { $0 != "_" && $0 != "-" && $0 != "." }
      if [
        "str", "string", "static", "value", "default", "optional", "final", "const", "char", "text", "env",
        "get",
        "getenv", "or", "bearer", "basic", "data", "std", "some", "field",
      ].contains(plain), plain != "bearer" {
        continue
      }
      guard names.contains(where: { plain.contains($0) }) else { return false }
      return !harmless.contains { plain.hasSuffix($0) } && !made.contains { plain.hasPrefix($0) }
        && !plain.contains("hash") && !plain.contains("digest")
    }
    return false
  }

  private static func quoted(_ bytes: [UInt8], _ isNamedBefore: Bool) -> String? {
    var index = 0
    var start = 0
    while index < bytes.count {
      let quote = bytes[index]
      guard quote == 0x22 || quote == 0x27 || quote == 0x60 else {
        index += 1
        continue
      }
      guard let end = bytes[(index + 1)...].firstIndex(of: quote) else {
        // `&'static str`
        if quote != 0x27 { return nil }
        index += 1
        continue
      }
      let value = Substring(String(decoding: bytes[(index + 1)..<end], as: UTF8.self))
      let before = Substring(String(decoding: bytes[start..<index], as: UTF8.self))
      let assigns = before.trimmed.utf8.last.map { "=:(,>[?|".utf8.contains($0) } ?? false
      if assigns || before.hasSuffix(" ") || isNamedBefore {
        let named = isSecretName(before) || isNamedBefore && before.has("value")
        if named, isSecret(value, name: before) { return String(value) }
      }
      // A name in quotes belongs to what follows: `"password": "…"`.
      let next = end + 1 < bytes.count ? bytes[end + 1] : 0
      let isName = next == 0x3A || next == 0x5D || next == 0x3D || next == 0x20 || next == 0x2C
      start = isName && value.utf8.count < 60 ? start : end + 1
      index = end + 1
    }
    return nil
  }

  /// `<password>…</password>`
  private static func tagged(_ text: Substring) -> String? {
    var rest = text
    while let open = rest.after("<") {
      rest = open
      guard let name = open.before(">"), let inner = open.after(">"), let value = inner.before("</") else {
        continue
      }
      if isSecretName(name.before(" ") ?? name), isSecret(value.trimmed, name: name) {
        return String(value.trimmed)
      }
    }
    return nil
  }

  /// `NAME=value`, `name: value`, without quotes and up to a blank.
  private static func bare(_ text: Substring, _ isNamedBefore: Bool) -> String? {
    var rest = text.trimmed
    for start in [
      "export ", "set ", "ENV ", "ARG ", "- ", "-e ", "--", "//", "$env:", "let ", "const ", "var ",
    ] { rest = rest.dropping(start) ?? rest }
    guard let mark = rest.utf8.firstIndex(where: { $0 == 0x3D || $0 == 0x3A }) else { return nil }
    var name = rest[..<mark]
    var value = rest[rest.utf8.index(after: mark)...]
    // `//host/:_authToken=…`
    if let later = value.after("="), let front = value.before("="), front.utf8.count < 60, !front.has(" "),
      isSecretName(front), !isSecretName(name)
    {
      (name, value) = (front, later)
    }
    value = value.trimmed
    if let plain = value.before(" #")?.trimmed { value = plain }
    guard isSecretName(name) || isNamedBefore && name.has("value"), !value.isEmpty else { return nil }
    for scheme in ["Bearer ", "Basic ", "token "] { value = value.dropping(scheme) ?? value }
    guard !value.has(" "), let first = value.utf8.first, first != 0x22, first != 0x27, first != 0x60 else {
      return nil
    }
    while let last = value.utf8.last, last == 0x2C || last == 0x3B { value = value.dropLast() }
    // Code, and no value: calls, members, types.
    if value.utf8.contains(where: { "()[]{}<>".utf8.contains($0) }) || value.hasPrefix("@")
      || value.hasPrefix("*") || value.hasPrefix("&")
    {
      return nil
    }
    return isSecret(value, name: name) ? String(value) : nil
  }

  /// `machine host login name password …`, `--password …`
  private static func spaced(_ text: Substring) -> String? {
    let words = text.parts(" ")
    for (index, word) in words.enumerated().dropLast() {
      let plain = word.lowercased()
      guard
        ["password", "--password", "--token", "-p", "--secret", "--api-key", "bearer", "basic"].contains(
          plain)
      else { continue }
      if plain == "password", !text.has("login") { continue }
      if plain == "-p", !text.has("login") { continue }
      let value = words[index + 1].filter { $0 != "\"" && $0 != "'" && $0 != "," && $0 != ")" && $0 != "}" }
      if isSecret(Substring(value), name: "password") { return String(value) }
    }
    return nil
  }

  static func isReference(_ value: Substring) -> Bool {
    let starts = [
      "$", "{", "%", "<", "env.", "process.env", "os.environ", "ENC[", "vault:", "ref+", "arn:", "projects/",
      "op://", "!", "secrets.", "var.", "data.", "local.", "file:", "http://", "https://", "ssm:", "aws:",
      "gcp:", "/", "./", "../", "self.", "this.", "sha256:", "keyring:", "module.",
      "config.", "settings.", "@", "sha256-", "sha512-", "AQICA",
    ]
    return starts.contains { value.hasPrefix($0) } || value.has("${") || value.has("{{") || value.has("$(")
      || value.has("%(") || value.has("://") || value.has("\\(")
  }

  private static func isSecret(_ value: Substring, name: Substring) -> Bool {
    guard value.utf8.count >= 8, value.utf8.count <= 3000, !isReference(value), !Secret.isPlaceholder(value)
    else { return false }
    let plain = name.lowercased()
    let isPassword = ["passw", "pwd", "passphrase", "passcode"].contains { plain.contains($0) }
    return isRandom(value, isPassword: isPassword)
  }

  /// Whether a text is no words: a mixture of cases and digits without a pattern, or a password with signs.
  static func isRandom(_ value: Substring, isPassword: Bool) -> Bool {
    let bytes = Array(value.utf8)
    guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return false }
    let digits = bytes.filter { $0 >= 0x30 && $0 <= 0x39 }.count
    let uppers = bytes.filter { $0 >= 0x41 && $0 <= 0x5A }.count
    let lowers = bytes.filter { $0 >= 0x61 && $0 <= 0x7A }.count
    let signs = bytes.count - digits - uppers - lowers
    let hardSigns = bytes.filter { "!@#$%^&*?~+=|;".utf8.contains($0) }.count
    if isPassword, bytes.count >= 8, digits > 0, lowers > 0, uppers > 0 || hardSigns > 0,
      hardSigns > 0 || bytes.count >= 12 && wordShare(bytes) < 0.8
    {
      return signs * 2 < bytes.count
    }
    if isPassword, bytes.count >= 12, hardSigns > 1, uppers > 2, lowers > 2, wordShare(bytes) < 0.6 {
      return signs * 2 < bytes.count
    }
    // Short ones must change between cases and digits more often than people's words do.
    if isPassword, bytes.count >= 8, digits > 0, lowers > 0, uppers > 0, wordShare(bytes) < 0.5,
      changes(bytes) >= 5
    {
      return signs * 2 < bytes.count
    }
    guard bytes.count >= 16, digits > 0 || uppers > 2 && lowers > 2, lowers + uppers > 0 else { return false }
    guard entropy(bytes) >= (bytes.count < 24 ? 3.0 : 3.2) else { return false }
    if signs * 4 > bytes.count || isHeading(value) { return false }
    return wordShare(bytes) < 0.6
  }

  /// Whether a text is the name of a header: `X-Carrier-Api-Key`.
  private static func isHeading(_ value: Substring) -> Bool {
    let parts = value.split(separator: "-", omittingEmptySubsequences: false)
    return parts.count >= 3
      && parts.allSatisfy { part in
        part.first?.isUppercase == true && part.dropFirst().allSatisfy(\.isLowercase)
      }
  }

  /// How often a text goes from one kind of character to another.
  private static func changes(_ bytes: [UInt8]) -> Int {
    func kind(_ byte: UInt8) -> Int {
      byte >= 0x30 && byte <= 0x39
        ? 0 : byte >= 0x41 && byte <= 0x5A ? 1 : byte >= 0x61 && byte <= 0x7A ? 2 : 3
    }
    return zip(bytes, bytes.dropFirst()).count { kind($0) != kind($1) }
  }

  /// In bits for a byte.
  private static func entropy(_ bytes: [UInt8]) -> Double {
    var counts = [Int](repeating: 0, count: 256)
    for byte in bytes { counts[Int(byte)] += 1 }
    let total = Double(bytes.count)
    return counts.reduce(0) { sum, count in
      if count == 0 { return sum }
      let share = Double(count) / total
      return sum - share * log2(share)
    }
  }

  /// Which part of the text is made of words and small numbers, as in `login.form.password2`.
  private static func wordShare(_ bytes: [UInt8]) -> Double {
    var (words, total) = (0, 0)
    var piece: [UInt8] = []
    func close() {
      defer { piece.removeAll(keepingCapacity: true) }
      guard !piece.isEmpty else { return }
      total += piece.count
      let isNumber = piece.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
      if isNumber {
        if piece.count <= 2 || piece.count == 4 { words += piece.count }
        return
      }
      let vowels = piece.filter { "aeiouyAEIOUY".utf8.contains($0) }.count
      var (run, longest) = (0, 0)
      for byte in piece {
        run = "aeiouyAEIOUY".utf8.contains(byte) ? 0 : run + 1
        longest = max(longest, run)
      }
      let isSmall = piece.allSatisfy { $0 >= 0x61 && $0 <= 0x7A }
      if piece.count >= (isSmall ? 3 : 4) && vowels > 0 && longest <= 4 && vowels * 3 <= piece.count * 2 {
        words += piece.count
      }
    }
    var last: UInt8 = 0
    for byte in bytes {
      let isDigit = byte >= 0x30 && byte <= 0x39
      let isUpper = byte >= 0x41 && byte <= 0x5A
      let isLower = byte >= 0x61 && byte <= 0x7A
      let wasDigit = last >= 0x30 && last <= 0x39
      let wasLower = last >= 0x61 && last <= 0x7A
      if !isDigit && !isUpper && !isLower {
        close()
      } else {
        if isDigit != wasDigit && !piece.isEmpty || isUpper && wasLower { close() }
        piece.append(byte)
      }
      last = byte
    }
    close()
    return total == 0 ? 1 : Double(words) / Double(total)
  }
}
