extension Plan {
  /// How a fresh or reused worktree is made usable.
  public struct Worktree: Equatable, Sendable {
    /// Paths, relative to the repository, that are copied from the main worktree (ignored files such as
    /// `.env`).
    public var copy: [String]
    /// A shell command run in the worktree before the step, or `nil`.
    public var setup: String?
    /// Whether a failed attempt's worktree is kept for a person to look at.
    public var keep: Bool
    /// Folders outside of it that can be read in a sandbox: absolute, below the home (`~/…`), or relative to
    /// the repository.
    public var read: [String] = []

    /// Makes worktree settings.
    public init(copy: [String] = [], setup: String? = nil, keep: Bool = false) {
      self.copy = copy
      self.setup = setup
      self.keep = keep
    }
  }
}
