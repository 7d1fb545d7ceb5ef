/// What is worked out once for two files that are compared, however many values of theirs are asked about.
final class ComparedFiles {
  /// A factor between the numbers of two files.
  struct Scale {
    var factor: Double
    var isUp: Bool
    /// The numbers afterwards.
    var after: Set<Double>
  }

  private var scales: [String: [Scale]] = [:]
  private var swaps: [String: (gone: [String], came: [String])] = [:]
  private var assertions: [Assertion]?

  private static let factors: [Double] = Units.factors + [10_000, 24, 7]

  /// By what nearly all numbers that are gone were multiplied or divided, where the file names something of
  /// the code that is called otherwise now.
  func scales(of old: TestFile, _ new: TestFile, _ reshaped: ReshapedCode) -> [Scale] {
    let files = ComparedFiles.key(old, new)
    if let known = scales[files] { return known }
    var found: [Scale] = []
    defer { scales[files] = found }
    guard reshaped.names.contains(where: { old.code.places[$0] != nil }) else { return [] }
    let (before, after) = (old.texts.numbers, new.texts.numbers)
    let lost = before.subtracting(after).filter { $0 != 0 }
    // A single number may be a mistake: only a usual change of units is none.
    let isSingle = lost.count == 1
    guard !lost.isEmpty else { return [] }
    for factor in ComparedFiles.factors {
      for isUp in [true, false] {
        let scaled = lost.count { after.contains(isUp ? $0 * factor : $0 / factor) }
        let isUsual = isSingle && [100, 1000, 60].contains(factor)
        if scaled >= 2 || scaled == 1 && isUsual, scaled * 4 >= lost.count * 3 {
          found.append(Scale(factor: factor, isUp: isUp, after: after))
        }
      }
    }
    return found
  }

  /// The values outside of assertions that are gone, and that came; none when there are many of them.
  func swaps(of old: TestFile, _ new: TestFile) -> (gone: [String], came: [String]) {
    let files = ComparedFiles.key(old, new)
    if let known = swaps[files] { return known }
    let (before, after) = (old.texts.givenValues, new.texts.givenValues)
    let (gone, came) = (before.subtracting(after), after.subtracting(before))
    let found = gone.count > 256 || came.count > 256 ? ([], []) : (gone.sorted(), came.sorted())
    swaps[files] = found
    return found
  }

  /// Tests of one file may stand in several now.
  private static func key(_ old: TestFile, _ new: TestFile) -> String { "\(old.path.path)\n\(new.path.path)" }

  /// What new tests assert.
  func newAssertions(of comparison: TestComparison) -> [Assertion] {
    if let assertions { return assertions }
    let known = Set(comparison.oldFiles.flatMap(\.tests).map(\.key))
    let all = comparison.newFiles.flatMap(\.tests).filter {
      !known.contains($0.key) && $0.hidden == nil && $0.marks.isEmpty
    }.flatMap(\.facts.assertions)
    // Among thousands there is always one that reads alike.
    let found = all.count > 2_000 ? [] : all
    assertions = found
    return found
  }
}
