import Migration

extension TreeChange {
  /// Secrets in lines that the change adds: private keys, tokens of known make, and values that a name calls
  /// a secret and that look like one; in any encoding, and in the readable parts of binary files. The finding
  /// names the kind, never the secret. A line that was there before, in any changed file, is not added.
  public func secretFindings() -> [GuardFinding] {
    let olds = paths.compactMap { $0.oldPath.flatMap { old($0).readable } }
    var known: Set<Substring> = []
    for text in olds { for line in lines(of: text) { known.insert(line.trimmed) } }
    return paths.flatMap { change -> [GuardFinding] in
      guard let path = change.newPath, let text = new(path).readable else { return [] }
      return findings(in: text, path, known, olds)
    }
  }

  private func findings(
    in text: String, _ path: String, _ known: Set<Substring>, _ olds: [String]
  ) -> [GuardFinding] {
    let all = lines(of: text)
    let isTranslation = SecretGuard.isTranslation(path)
    var findings: [GuardFinding] = []
    for (index, line) in all.enumerated() where !known.contains(line.trimmed) {
      let next = index + 1 < all.count ? all[index + 1] : ""
      let previous = index > 0 ? all[index - 1] : ""
      for part in SecretGuard.pieces(line) {
        guard
          let match = Secret.match(in: part, previous: previous, next: next, isOfWords: isTranslation),
          !olds.contains(where: { $0[...].has(match.value) })
        else { continue }
        findings.append(
          GuardFinding(
            guardName: .secrets, kind: .secret, path: path, line: index + 1, subject: match.kind,
            message: "adds \(match.kind)"))
        break
      }
    }
    return findings
  }
}

enum SecretGuard {
  private static let translations: Set = [
    "locale", "locales", "i18n", "l10n", "translations", "translation", "lang", "langs", "messages",
  ]

  /// Whether a file holds what people read in their languages: a name there says of what a text speaks.
  static func isTranslation(_ path: String) -> Bool {
    let path = TestPath(path)
    let stem = path.stem.lowercased()
    return path.folders.contains { translations.contains($0.lowercased()) || $0.hasSuffix(".lproj") }
      || ["po", "pot", "ftl", "xlf", "xliff", "arb", "strings"].contains(path.ending)
      || stem.hasPrefix("messages") && path.ending == "properties"
  }

  /// Very long lines, as in minified files, in parts that overlap.
  static func pieces(_ line: Substring) -> [Substring] {
    let longest = 4000
    guard line.utf8.count > longest else { return [line] }
    var parts: [Substring] = []
    var start = line.utf8.startIndex
    while start < line.utf8.endIndex {
      let end = line.utf8.index(start, offsetBy: longest, limitedBy: line.utf8.endIndex) ?? line.utf8.endIndex
      parts.append(Substring(String(decoding: line.utf8[start..<end], as: UTF8.self)))
      if end == line.utf8.endIndex { break }
      start = line.utf8.index(end, offsetBy: -200)
    }
    return parts
  }
}
