extension Plan {
  /// A named semaphore, counted on each machine by itself.
  public struct Resource: Equatable, Sendable {
    /// The name that `uses:` refers to.
    public var name: String
    /// How many holders it admits; at least 1.
    public var capacity: Int
    /// What it hands out, a value to each holder; as many as it admits, or none.
    public var values: [String]
    /// Whether all machines share it: no value is handed out twice anywhere.
    public var isShared: Bool

    /// Makes a semaphore.
    public init(name: String, capacity: Int, values: [String] = [], isShared: Bool = false) {
      self.name = name
      self.capacity = capacity
      self.values = values
      self.isShared = isShared
    }

    /// The variable in which a worker finds its value: `MIGRATE_RESOURCE_PORT`.
    public var variable: String {
      "MIGRATE_RESOURCE_" + String(name.uppercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
    }
  }
}
