/// The findings that a plan or a person lets pass: by name, or by a pattern in which `*` stands for anything.
public struct AllowedFindings {
  private let names: Set<String>
  private let patterns: [[Substring]]

  /// Makes the list of what is let pass.
  public init(_ allow: [String]) {
    names = Set(allow.filter { !$0.contains("*") })
    patterns = allow.filter { $0.contains("*") }.map {
      $0.split(separator: "*", omittingEmptySubsequences: false)
    }
  }

  /// Whether the finding is let pass.
  public func allows(_ finding: GuardFinding) -> Bool {
    let name = finding.name
    return names.contains(name) || patterns.contains { AllowedFindings.matches(name[...], $0) }
  }

  private static func matches(_ name: Substring, _ parts: [Substring]) -> Bool {
    guard let first = parts.first, let last = parts.last, name.hasPrefix(String(first)) else { return false }
    var rest = name.dropFirst(first.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let found = rest.after(String(part)) else { return false }
      rest = found
    }
    return rest.hasSuffix(String(last))
  }
}
