extension PlannedStep {
  /// Whether no plan's file has it: it takes a base in, mends what was published, or was added by hand.
  public var isExtra: Bool { resolves != nil || mends != nil || isAdded }
}
