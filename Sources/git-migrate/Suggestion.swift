/// Finds what somebody may have meant.
enum Suggestion {
  /// The name nearest to `word`, or `nil` when none is near: the same letters in another case, a name that
  /// begins with the word, or at most two letters that differ.
  static func nearest(to word: String, among names: [String]) -> String? {
    let folded = word.lowercased()
    if let same = names.first(where: { $0.lowercased() == folded }) { return same }
    if folded.utf8.count >= 2, let longer = names.first(where: { $0.lowercased().hasPrefix(folded) }) {
      return longer
    }
    guard folded.utf8.count >= 3, folded.utf8.count <= 64 else { return nil }
    var best: (name: String, distance: Int)?
    for name in names.prefix(1_000) where abs(name.utf8.count - folded.utf8.count) <= 2 {
      let distance = distance(Array(folded.utf8), Array(name.lowercased().utf8))
      if distance <= min(2, folded.utf8.count / 3), distance < best?.distance ?? .max {
        best = (name, distance)
      }
    }
    return best?.name
  }

  /// How many letters must be put in, taken out, changed or swapped with their neighbour.
  private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var older = [Int](repeating: 0, count: right.count + 1)
    var old = Array(0...right.count)
    for row in 1...max(1, left.count) where row <= left.count {
      var new = [row]
      for column in 1...max(1, right.count) where column <= right.count {
        let isSame = left[row - 1] == right[column - 1]
        var best = min(old[column - 1] + (isSame ? 0 : 1), old[column] + 1, new[column - 1] + 1)
        if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
          best = min(best, older[column - 2] + 1)
        }
        new.append(best)
      }
      (older, old) = (old, new)
    }
    return old[right.count]
  }
}
