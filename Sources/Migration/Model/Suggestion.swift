/// Finds what somebody may have meant.
public enum Suggestion {
  /// The name nearest to `word`, or `nil` when none is near: the same letters in another case, a name that
  /// begins with the word, or one in which at most a third of the letters differ.
  public static func nearest(to word: String, among names: some Collection<String>) -> String? {
    let folded = word.lowercased()
    if let same = names.first(where: { $0.lowercased() == folded }) { return same }
    if folded.utf8.count >= 2, let longer = names.first(where: { $0.lowercased().hasPrefix(folded) }) {
      return longer
    }
    guard folded.utf8.count >= 3, folded.utf8.count <= 64 else { return nil }
    let allowed = folded.utf8.count / 3
    var best: (name: String, distance: Int)?
    for name in names.prefix(1_000) where abs(name.utf8.count - folded.utf8.count) <= allowed {
      let distance = distance(Array(folded.utf8), Array(name.lowercased().utf8))
      if distance <= allowed, distance < best?.distance ?? .max { best = (name, distance) }
    }
    return best?.name
  }

  /// How many letters must be put in, taken out, changed or swapped with their neighbour.
  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var rows = [Array(0...right.count)]
    for (row, letter) in left.enumerated() {
      var next = [row + 1]
      for (column, other) in right.enumerated() {
        var cost = min(
          rows[row][column + 1] + 1, next[column] + 1, rows[row][column] + (letter == other ? 0 : 1))
        if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
          cost = min(cost, rows[row - 1][column - 1] + 1)
        }
        next.append(cost)
      }
      rows.append(next)
    }
    return rows[left.count][right.count]
  }
}
