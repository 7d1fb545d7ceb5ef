import Simulation
import Testing

@Suite("The simulator")
struct SimulationTests {
  @Test("the same seed always comes to the same end")
  func repeats() {
    for seed in UInt64(1)...20 {
      var first: [String] = []
      var second: [String] = []
      _ = Simulation.run(seed: seed) { first.append($0) }
      _ = Simulation.run(seed: seed) { second.append($0) }
      #expect(first == second)
    }
  }

  @Test("no rule is broken, and enough happens")
  func holds() async {
    let report = await Campaign.run(first: 1, count: 100, cores: 2)
    #expect(report.failures.map { "seed \($0.seed): \($0.violation)" } == [])
    #expect(report.shortage == nil)
  }
}
