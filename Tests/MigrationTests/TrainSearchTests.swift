import Draws
import Migration
import Testing

@Suite("The search of a train")
struct TrainSearchTests {
  /// What a train of steps came to, by a gate that fails on candidates which hold all of a bad set.
  private struct Queue {
    var waiting: [Int]
    let bad: [Set<Int>]
    var runs = 0
    var landed: [Int] = []
    var sentBack: [Int: String] = [:]
    var limit = TrainLimit()

    init(_ count: Int, bad: [Set<Int>]) {
      waiting = Array(0..<count)
      self.bad = bad
    }

    mutating func settle() {
      while !waiting.isEmpty {
        let train = Array(waiting.prefix(limit.members))
        let tip = landed
        var memory: [TrainSearch.Candidate: Bool] = [:]
        let search = TrainSearch(count: train.count)
        let count = answer(&memory, tip, train) { search.landing($0) }
        landed += train.prefix(count)
        waiting.removeFirst(count)
        guard count < train.count else {
          limit.notePassed()
          continue
        }
        limit.noteFailed()
        let blame = answer(&memory, tip, train) { search.blame(count, $0) }
        switch blame {
        case .itself: sentBack[train[count]] = "itself"
        case .partner(let position): sentBack[train[count]] = "\(train[position])"
        }
        waiting.removeFirst()
      }
    }

    private mutating func answer<Value>(
      _ memory: inout [TrainSearch.Candidate: Bool], _ tip: [Int], _ train: [Int],
      _ ask: ((TrainSearch.Candidate) -> Bool?) -> TrainSearch.Answer<Value>
    ) -> Value {
      while true {
        switch ask({ memory[$0] }) {
        case .known(let value): return value
        case .judge(let candidate):
          #expect(memory[candidate] == nil, "judged twice")
          runs += 1
          let tree = Set(tip + candidate.members.map { train[$0] })
          memory[candidate] = !bad.contains { $0.isSubset(of: tree) }
        }
      }
    }
  }

  @Test("good steps land with one run")
  func good() {
    var queue = Queue(32, bad: [])
    queue.settle()
    #expect(queue.landed == Array(0..<32))
    #expect(queue.runs == 1)
  }

  @Test("one bad step is found and sent back; all others land, within eight runs", arguments: 0..<32)
  func oneBad(_ bad: Int) {
    var queue = Queue(32, bad: [[bad]])
    queue.settle()
    #expect(queue.landed == (0..<32).filter { $0 != bad })
    #expect(queue.sentBack == [bad: "itself"])
    #expect(queue.runs <= 8)
  }

  @Test("of two that fail only together the later one goes back and the earlier one is named")
  func pairs() {
    for later in 1..<32 {
      for earlier in 0..<later {
        var queue = Queue(32, bad: [[earlier, later]])
        queue.settle()
        #expect(queue.landed == (0..<32).filter { $0 != later })
        #expect(queue.sentBack == [later: "\(earlier)"])
        #expect(queue.runs <= 13, "\(earlier), \(later): \(queue.runs)")
      }
    }
  }

  @Test("whatever fails, what lands passes, nobody is lost, and who goes back has a reason")
  func anything() {
    var chance = Chance(seed: 7)
    for _ in 0..<300 {
      let count = chance.below(40) + 1
      let bad = (0..<chance.below(5)).map { _ in
        Set((0...chance.below(3)).map { _ in chance.below(count) })
      }
      var queue = Queue(count, bad: bad)
      queue.settle()
      let landed = Set(queue.landed)
      #expect(!bad.contains { $0.isSubset(of: landed) })
      #expect(landed.union(queue.sentBack.keys) == Set(0..<count))
      #expect(landed.isDisjoint(with: queue.sentBack.keys))
      for (step, reason) in queue.sentBack {
        #expect(bad.contains { $0.contains(step) }, "\(step) is in no bad set")
        if reason == "itself" { continue }
        #expect(bad.contains { $0.contains(step) && $0.count > 1 })
      }
    }
  }

  @Test("a search that was cut off asks only for what is not known")
  func resumed() {
    let search = TrainSearch(count: 8)
    let known: [TrainSearch.Candidate: Bool] = [.init(prefix: 8): false, .init(prefix: 4): true]
    #expect(search.landing { known[$0] } == .judge(.init(prefix: 6)))
  }

  @Test("one candidate has one name")
  func names() {
    #expect(TrainSearch.Candidate(prefix: 3, more: 3) == TrainSearch.Candidate(prefix: 4))
    #expect(TrainSearch.Candidate(prefix: 0, more: 0).members == [0])
    #expect(TrainSearch.Candidate(prefix: 2, more: 5).members == [0, 1, 5])
  }

  @Test("trains get shorter with each failure and grow again slowly")
  func limits() {
    var limit = TrainLimit()
    #expect(limit.members == 64)
    limit.noteFailed()
    #expect(limit.members == 32)
    for _ in 0..<6 { limit.noteFailed() }
    #expect(limit.members == 1)
    limit.notePassed()
    #expect(limit.members == 5)
    for _ in 0..<40 { limit.notePassed() }
    #expect(limit.members == 64)
    #expect(TrainLimit(maximum: 1).members == 1)
  }

  @Test("trains that a service judges begin short, grow by one, and never get long")
  func remoteLimits() {
    var plan = Plan.sample([PlannedStep(id: "A")])
    plan.gate.verifiers[0].remote = "ci"
    let story = Story(plan)
    var limit = story.current.trainLimit
    #expect(limit.members == 8)
    limit.notePassed()
    #expect(limit.members == 9)
    for _ in 0..<40 { limit.notePassed() }
    #expect(limit.members == 30)
    limit.noteFailed()
    #expect(limit.members == 15)
    plan.gate.train = 4
    #expect(Story(plan).current.trainLimit.members == 4)
    plan.gate.verifiers[0].remote = nil
    plan.gate.train = nil
    #expect(story.amend(plan))
    #expect(story.current.trainLimit.members == 64)
  }
}
