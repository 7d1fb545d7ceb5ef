import System

/// Where the program that speaks HTTP lies, `git-migrate-web`.
public enum WebProgramPlace {
  /// In the same folder as this one, or where distributions keep what nobody calls by name; `nil` when it is
  /// not installed.
  public static var path: String? {
    guard let folder = Files.realPath("/proc/self/exe").map(Files.parent(of:)) else { return nil }
    return ["\(folder)/git-migrate-web", "\(folder)/../libexec/git-migrate/git-migrate-web"]
      .first(where: Files.isExecutable)
  }
}
