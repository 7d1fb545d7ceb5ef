extension PlannedStep {
  /// Whether nobody wrote it: it takes a base in, or mends what was published.
  public var isAdded: Bool { resolves != nil || mends != nil }
}
