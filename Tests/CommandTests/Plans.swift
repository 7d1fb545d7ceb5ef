import Migration

/// The plans of these tests.
enum Plans {
  /// Two steps, one after the other.
  static let demo = Plan(
    migration: "demo",
    steps: [
      PlannedStep(id: "S1", title: "First"), PlannedStep(id: "S2", title: "Second", needs: ["S1"]),
    ])

  static let small = """
    ---
    migration: demo
    gate: { verifiers: [{ name: test, run: "true" }] }
    steps:
      - { id: S1, run: "true" }
    ---

    """

  static let forFiles = """
    ---
    migration: demo
    gate: { verifiers: [{ name: test, run: "true" }] }
    steps:
      - { for: { files: "*.txt" }, id: "f-{{match.stem}}", run: "true" }
    ---

    """

  static let forLines = """
    ---
    migration: demo
    gate: { verifiers: [{ name: test, run: "true" }] }
    steps:
      - { for: { lines: "touch ran; echo one" }, id: "l-{{match.line}}", run: "true" }
    ---

    """
}
