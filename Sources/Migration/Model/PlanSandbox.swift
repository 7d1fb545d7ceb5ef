extension Plan {
  /// Whether what nobody trusts is shut in.
  public enum SandboxWish: String, CaseIterable, Sendable {
    /// Where that is possible.
    case auto
    /// Or it does not run at all.
    case require
    /// Never.
    case off
  }

  /// What one child that nobody trusts may take of the machine.
  public struct MachineShare: Equatable, Sendable {
    /// The most memory of each of its processes, in bytes, or `nil` for no limit.
    public var memoryBytes: Int?
    /// The most bytes in its worktree and its temporary folder, or `nil` for no limit.
    public var diskBytes: Int?

    /// Makes limits; what is left out is not limited.
    public init(memoryBytes: Int? = nil, diskBytes: Int? = nil) {
      self.memoryBytes = memoryBytes
      self.diskBytes = diskBytes
    }
  }
}
