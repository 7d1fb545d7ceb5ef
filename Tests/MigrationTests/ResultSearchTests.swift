import Testing

@testable import Migration

/// The search for the first commit whose tree does not pass.
@Suite struct ResultSearchTests {
  /// Searches among commits of which the first bad one is at `bad`; gives how it ended and what was judged.
  private func search(_ ends: [Bool], bad: Int) -> (ResultSearch.Step, [Int]) {
    var search = ResultSearch(ends: ends)
    var judged: [Int] = []
    while case .judge(let place) = search.next, judged.count < 100 {
      judged.append(place)
      search.note(place >= bad ? .failed : .passed)
    }
    return (search.next, judged)
  }

  @Test func `every first bad commit is found, in few runs`() {
    for count in 2...33 {
      for bad in 0..<count {
        let (found, judged) = search(Array(repeating: true, count: count), bad: bad)
        #expect(found == .found(bad), "\(bad) of \(count)")
        #expect(judged.count <= 8, "\(bad) of \(count): \(judged)")
      }
    }
  }

  @Test func `trains are passed over before the one that fails is looked into`() {
    // Trains that end at 4, 8 and 12.
    let ends = (0...12).map { $0 % 4 == 0 }
    for bad in 1...12 {
      let (found, judged) = search(ends, bad: bad)
      #expect(found == .found(bad))
      let train = (bad + 3) / 4 * 4
      #expect(judged.allSatisfy { ends[$0] || (train - 4..<train).contains($0) }, "\(bad): \(judged)")
    }
  }

  @Test func `the last one is judged again before it is blamed`() {
    var search = ResultSearch(ends: [true, true, true])
    #expect(search.next == .judge(1))
    search.note(.passed)
    #expect(search.next == .judge(2))
    search.note(.passed)
    #expect(search.next == .undecided)
  }

  @Test func `where a verifier cannot be run nobody is blamed`() {
    for passed in 0...1 {
      var search = ResultSearch(ends: [true, true, true, true])
      for _ in 0..<passed { search.note(.passed) }
      search.note(.couldNotRun)
      #expect(search.next == .found(nil))
    }
  }

  @Test func `the start is blamed only for what it was seen to fail`() {
    var search = ResultSearch(ends: [true, true, true])
    search.note(.failed)
    #expect(search.next == .judge(0))
    search.note(.couldNotRun)
    #expect(search.next == .found(1))
  }

  @Test func `nothing is noted after the end`() {
    var search = ResultSearch(ends: [true])
    #expect(search.next == .found(0))
    search.note(.passed)
    #expect(search.next == .found(0))
  }
}
