import Migration
import Testing

/// Agents that rest.
@Suite struct AgentRestTests {
  private func at(_ seconds: Int) -> Timestamp { Timestamp(milliseconds: Int64(seconds) * 1000) }

  @Test func `until the time that the service told`() {
    let rest = AgentRest("usage limit", toldUntil: at(5000), after: nil, at: at(100))
    #expect(rest.permission(at: at(4999)) == .restsUntil(at(5000)))
    #expect(rest.permission(at: at(5000)) == .mayTry)
  }

  @Test func `a clock that was set back puts nothing off`() {
    let rest = AgentRest("usage limit", toldUntil: at(5000), after: nil, at: at(1000))
    #expect(rest.permission(at: at(999)) == .mayTry)
  }

  @Test func `a time that nobody can mean is none`() {
    #expect(AgentRest("x", toldUntil: at(50), after: nil, at: at(100)).until == at(130))
    #expect(
      AgentRest("x", toldUntil: at(99_999_999), after: nil, at: at(100)).until
        == at(100 + AgentRest.longestToldSeconds))
  }

  @Test func `otherwise for a while that doubles, and one tries`() {
    var rest = AgentRest("overloaded", toldUntil: nil, after: nil, at: at(0))
    var times = [rest.until]
    for _ in 0..<7 {
      #expect(rest.permission(at: rest.until) == .mayTry)
      rest.isProbing = true
      #expect(rest.permission(at: rest.until.adding(seconds: 60)) == .isTried)
      rest = AgentRest("overloaded", toldUntil: nil, after: rest, at: rest.until)
      times.append(rest.until)
    }
    #expect(times == [30, 90, 210, 450, 930, 1830, 2730, 3630].map(at))
  }

  /// Four workers fail at once: that is one fault.
  @Test func `what was under way does not make the rest longer`() {
    let first = AgentRest("overloaded", toldUntil: nil, after: nil, at: at(0))
    let second = AgentRest("overloaded", toldUntil: nil, after: first, at: at(1))
    #expect(second.until == first.until && second.faults == 1)
    let told = AgentRest("limit", toldUntil: at(500), after: first, at: at(1))
    #expect(told.until == at(500))
  }
}
