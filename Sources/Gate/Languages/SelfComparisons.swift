/// What is compared with something that was made of it.
extension FactReader {
  /// Whether what is expected was taken from what is compared just before: `want = got`.
  func isOfCopies(_ site: AssertionSite) -> Bool {
    var end = site.range.lowerBound
    while end > 0, code.kind(end - 1) == .newline || code.isMark(end - 1, ";") { end -= 1 }
    var start = end
    while start > 0, end - start < 12, code.kind(start - 1) != .newline,
      !["{", "}", ";", ":"].contains(where: { code.isMark(start - 1, $0) })
    {
      start -= 1
    }
    guard start < end,
      let equals = (start..<end).first(where: { code.isMark($0, "=") || code.isMark($0, ":=") })
    else { return false }
    func isPath(_ range: Range<Int>) -> Bool {
      !range.isEmpty && range.allSatisfy { code.isWord($0) || code.isMark($0, ".") }
    }
    let (left, right) = (start..<equals, (equals + 1)..<end)
    guard isPath(left), isPath(right), code.spelled(left) != code.spelled(right) else { return false }
    func names(_ path: Range<Int>) -> Bool {
      let words = path.map { code.text($0) }
      let wanted = Array(words.reversed().prefix { $0 != "let" && $0 != "const" && $0 != "var" }.reversed())
      return site.range.contains { place in
        place + wanted.count <= site.range.upperBound
          && wanted.indices.allSatisfy { code.text(place + $0) == wanted[$0] }
      }
    }
    return names(left) && names(right)
  }

  /// Whether what is compared with was asked of the code just before: `want = f(x)`, then
  /// `assertEqual(f(x), want)`.
  func isOfItself(_ site: AssertionSite) -> Bool {
    guard let open = site.arguments else { return false }
    let parts = code.arguments(of: open)
    guard parts.count >= 2 else { return false }
    func tokens(_ range: Range<Int>) -> [String] {
      range.filter { code.kind($0) != .newline }.map { code.text($0) }
    }
    for (name, value) in [(parts[1], parts[0]), (parts[0], parts[1])] {
      let (word, wanted) = (tokens(name), tokens(value))
      guard word.count == 1, wanted.count > 3, wanted.contains("("), code.isWord(name.lowerBound) else {
        continue
      }
      let from = max(0, site.range.lowerBound - 60)
      let isGiven = (from..<site.range.lowerBound).contains { place in
        guard code.isWord(place, word[0]), code.isMark(place + 1, "=") || code.isMark(place + 1, ":=") else {
          return false
        }
        let end = min(code.statementEnd(from: place), site.range.lowerBound)
        return place + 2 <= end && tokens((place + 2)..<end) == wanted
      }
      if isGiven { return true }
    }
    return false
  }
}
