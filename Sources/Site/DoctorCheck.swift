/// One thing that `git migrate doctor` looked at.
public struct DoctorCheck: Equatable, Sendable {
  /// How it stands.
  public enum Level: String, CaseIterable, Equatable, Sendable {
    /// As it should be, or worth knowing and no more.
    case ok
    /// It works, and may bite.
    case warning
    /// Work cannot go on, or is not protected.
    case error
  }

  /// A short name that stays the same.
  public var name: String
  /// How it stands.
  public var level: Level
  /// What was found.
  public var message: String
  /// What to do, or `nil`.
  public var hint: String?

  /// Makes a result.
  public init(_ name: String, _ level: Level, _ message: String, hint: String? = nil) {
    self.name = name
    self.level = level
    self.message = message
    self.hint = hint
  }
}
