import Agents
import Migration
import Runner
import Supervision
import Support
import System
import Testing

/// What is shown of an agent's log while it grows.
struct WorkerLogTests {
  @Test func `what is said in the midst of an event is a line of its own`() throws {
    let folder = try Files.makeTemporaryDirectory(prefix: "git-migrate-test-")
    defer { try? Files.removeTree(folder) }
    let path = folder + "/1-work.log"
    let event = #"{"type":"assistant","message":{"content":[{"type":"text","text":"good"}]}}"#
    let half = event.utf8.count / 2
    let parts = [Array(event.utf8.prefix(half)), Array("slow: y\n".utf8), Array(event.utf8.dropFirst(half))]
    try Files.writeAtomically(path + ".marks", Array("e\(half)\no\(half + parts[1].count)\n".utf8))
    let log = WorkerLog(path, .claude, at: Timestamp(milliseconds: 0))
    try Files.append(path, parts[0] + parts[1])
    log.look(at: Timestamp(milliseconds: 1))
    #expect(log.lastLine == "slow: y")
    try Files.append(path, parts[2] + [0x0A])
    log.look(at: Timestamp(milliseconds: 2))
    #expect(log.lastLine == "good")
  }
}
