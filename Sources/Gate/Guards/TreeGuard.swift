import Migration

extension TreeChange {
  /// What no change should hold, whatever it is about: markers of an unfinished merge, links out of the tree,
  /// characters that hide, large binaries, and text that is none any more.
  public func treeFindings() -> [GuardFinding] {
    paths.flatMap { change -> [GuardFinding] in
      guard let path = change.newPath else { return [] }
      let before = change.oldPath.map(old) ?? .missing
      let after = new(path)
      return linkFindings(path, before, after) + encodingFindings(path, before, after)
        + textFindings(path, before, after) + sizeFindings(path, before, after)
    }
  }

  private func finding(
    _ kind: FindingKind, _ path: String, line: Int? = nil, _ message: String
  ) -> GuardFinding {
    GuardFinding(guardName: .tree, kind: kind, path: path, line: line, message: message)
  }

  private func linkFindings(_ path: String, _ before: FileContent, _ after: FileContent) -> [GuardFinding] {
    guard case .link(let target) = after else { return [] }
    if case .link(target) = before { return [] }
    guard TreeChange.leads(target, outOf: path) else { return [] }
    return [
      finding(.outsideLink, path, "is a link that leads out of the tree, to '\(target.shortened(to: 80))'")
    ]
  }

  private static func leads(_ target: String, outOf path: String) -> Bool {
    if target.hasPrefix("/") || target.hasPrefix("~") { return true }
    var depth = path.split(separator: "/").count - 1
    for part in target.split(separator: "/") {
      if part == ".." { depth -= 1 } else if part != "." { depth += 1 }
      if depth < 0 { return true }
      if part == ".git" { return true }
    }
    return false
  }

  private func encodingFindings(
    _ path: String, _ before: FileContent, _ after: FileContent
  ) -> [GuardFinding] {
    guard before.text != nil || isSource(path) else { return [] }
    switch after {
    case .foreign(_, let encoding):
      if case .foreign = before { return [] }
      return [
        finding(
          .unreadableText, path, "is written in \(encoding), which hides it from the guards and from tools")
      ]
    case .binary:
      if case .binary = before { return [] }
      return [finding(.unreadableText, path, "cannot be read as text any more")]
    case .tooLarge(let size) where before.text != nil:
      return [finding(.unreadableText, path, "has \(size) bytes now, more than the guards read")]
    default: return []
    }
  }

  private func isSource(_ path: String) -> Bool { TestLanguages.language(of: TestPath(path)) != nil }

  private func sizeFindings(_ path: String, _ before: FileContent, _ after: FileContent) -> [GuardFinding] {
    let size: Int
    switch after {
    case .binary(let bytes, _): size = bytes
    case .tooLarge(let bytes): size = bytes
    default: return []
    }
    guard size > TreeChange.binaryLimit else { return [] }
    switch before {
    case .binary(let old, _) where old * 2 > size: return []
    case .tooLarge(let old) where old * 2 > size: return []
    default: return [finding(.largeBinary, path, "is a file of \(size >> 20) MiB")]
    }
  }

  /// The largest binary that may be added without a word, in bytes.
  static let binaryLimit = 5 << 20

  private func textFindings(_ path: String, _ before: FileContent, _ after: FileContent) -> [GuardFinding] {
    guard let text = after.text else { return [] }
    var findings: [GuardFinding] = []
    var (isInConflict, firstMarker) = (false, 0)
    var hasHidden = false
    for (number, line) in addedLines(old: before.text, new: text) {
      if line.hasPrefix("<<<<<<< ") || line == "<<<<<<<" {
        isInConflict = true
        firstMarker = number
      } else if isInConflict || before.text != nil, line.hasPrefix(">>>>>>> ") || line.hasPrefix("||||||| ") {
        if firstMarker == 0 { firstMarker = number }
        if !findings.contains(where: { $0.kind == .conflictMarker }) {
          findings.append(
            finding(.conflictMarker, path, line: firstMarker, "holds the markers of an unfinished merge"))
        }
      }
      if !hasHidden, TreeChange.hides(line, in: path) {
        hasHidden = true
        findings.append(
          finding(
            .hiddenCharacters, path, line: number,
            "holds characters that cannot be seen or that turn the order of the text"))
      }
    }
    // One begun is enough: another edit may have taken the rest of them out.
    if isInConflict, !findings.contains(where: { $0.kind == .conflictMarker }), isSource(path) {
      findings.append(
        finding(.conflictMarker, path, line: firstMarker, "holds the marker of an unfinished merge"))
    }
    return findings
  }

  /// Bidirectional controls (CVE-2021-42574), and in source code invisible letters and letters of another
  /// script inside of a Latin word.
  private static func hides(_ line: Substring, in path: String) -> Bool {
    if line.utf8.allSatisfy({ $0 < 0x80 }) { return false }
    for scalar in line.unicodeScalars {
      switch scalar.value {
      case 0x202A...0x202E, 0x2066...0x2069: return true
      case 0x200B, 0x2060, 0x180E, 0x115F, 0x1160, 0x3164, 0xFFA0, 0xE0000...0xE007F: return true
      default: break
      }
    }
    return false
  }
}
