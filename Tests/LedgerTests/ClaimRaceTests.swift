import CanonicalJSON
import Migration
import Support
import System
import Testing

@testable import Ledger

/// Sixteen real processes that claim at once through the built program.
@Suite("Sixteen processes that claim at once")
struct ClaimRaceTests {
  /// Each process claims until nothing is left and prints what it got.
  private static let script = """
    worker=$1
    while :; do
      git migrate claim --json --no-worktree --worker "$worker"
      case $? in 0) ;; 11) exit 0 ;; 10) exit 0 ;; *) exit 1 ;; esac
    done
    """

  @Test("get exactly one winner a step, and every claim that was acknowledged is in the chain")
  func exactlyOneWinner() throws {
    let steps = 48
    let world = try LedgerWorld(steps: steps)
    let all = (1...16).map { "sh -c \"$SCRIPT\" sh w\($0) > '\(world.repository.root)/out.\($0)' &" }
    let run = try world.repository.run(
      "sh", ["-c", all.joined(separator: "\n") + "\nwait"],
      adding: ["SCRIPT": ClaimRaceTests.script])
    #expect(run.code == 0, "\(run)")

    var winners: [String: [String]] = [:]
    for number in 1...16 {
      let bytes = try Files.readFile("\(world.repository.root)/out.\(number)") ?? []
      for line in bytes.split(separator: 0x0A) {
        guard case .string(let step)? = try JSON.parse(Array(line))["step"] else { continue }
        winners[step, default: []].append("w\(number)")
      }
    }
    #expect(winners.count == steps)
    #expect(winners.allSatisfy { $0.value.count == 1 }, "\(winners.filter { $0.value.count > 1 })")

    let recorded = try world.writer().reader.entries().compactMap { found -> String? in
      guard case .claim(_, .claimed(let claim)) = found.entry.event.change else { return nil }
      return "\(claim.fence.step) \(claim.holder)"
    }
    #expect(Set(recorded) == Set(winners.map { "\($0.key) \($0.value.first ?? "")" }))
    #expect(recorded.count == steps)
    #expect(try world.writer().fsck() == [])
  }
}
