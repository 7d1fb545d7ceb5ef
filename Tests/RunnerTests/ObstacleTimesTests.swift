import Migration
import Testing

@testable import Runner

@Suite("How often an obstacle is told")
struct ObstacleTimesTests {
  private let start = Timestamp(milliseconds: 1_700_000_000_000)

  @Test("each every ten minutes, whatever else is told meanwhile")
  func each() {
    var obstacles = Obstacles()
    var told: [String: [Int]] = [:]
    for second in 0..<3600 {
      let now = start.adding(seconds: second)
      for reason in second % 300 == 299 ? ["a", "b"] : ["a"] where obstacles.isNew(reason, at: now) {
        told[reason, default: []].append(second)
      }
    }
    #expect(told["a"] == [0, 600, 1200, 1800, 2400, 3000])
    #expect(told["b"] == [299, 899, 1499, 2099, 2699, 3299])
  }

  @Test("reasons with a name that is another each time are not told without end")
  func many() {
    var obstacles = Obstacles()
    let told = (0..<600).count { obstacles.isNew("file \($0)", at: start.adding(seconds: $0)) }
    #expect(told == 8)
  }

  @Test("a clock that is set back keeps nobody waiting longer")
  func setBack() {
    var obstacles = Obstacles()
    let told = [0, -3600, -3599].map { obstacles.isNew("a", at: start.adding(seconds: $0)) }
    #expect(told == [true, true, false])
  }
}
