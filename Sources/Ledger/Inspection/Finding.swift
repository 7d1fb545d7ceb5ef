import Git
import Migration

/// Something `git migrate fsck` found.
public struct Finding: Equatable, Sendable {
  /// The number of the invariant that is broken, e.g. `I-1`.
  public var rule: String
  /// The entry, ref or path it was seen at.
  public var subject: String
  /// What is wrong.
  public var message: String
  /// What to do about it.
  public var remedy: String

  /// Makes a finding.
  public init(rule: String, subject: String, message: String, remedy: String) {
    self.rule = rule
    self.subject = subject
    self.message = message
    self.remedy = remedy
  }
}
