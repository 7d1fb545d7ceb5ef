import CanonicalJSON
import Migration
import Supervision
import Support
import System
import Testing

/// The tools that an agent is given by `git migrate mcp`, as a client of the protocol sees them.
@Suite("An agent's tools")
struct ToolTests {
  private static let modern =
    #""_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","#
    + #""io.modelcontextprotocol/clientCapabilities":{}}"#

  /// A world in which `A` is claimed and a client is connected in its worktree.
  private func world(gate: String = "{ verifiers: [{ name: t, run: 'test ! -e bad' }] }") throws
    -> (MigrationWorld, Dialogue)
  {
    let world = try MigrationWorld()
    try world.start("  - { id: A, title: The title }\n  - { id: B }", gate: gate)
    let claim = try world.migrate("claim", "A", "--json")
    guard claim.code == 0 else { throw TestFailure("claim: \(claim)") }
    let talk = try Dialogue(world.repository, TestBinary.path, ["mcp"], in: world.slot(1))
    return (world, talk)
  }

  private func call(_ talk: Dialogue, _ id: Int, _ name: String, _ arguments: String = "{}") throws -> JSON {
    let answer = try talk.ask(id, "tools/call", #"{"name":"\#(name)","arguments":\#(arguments)}"#)
    guard let result = answer["result"] else { throw TestFailure("no result: \(answer.canonical)") }
    return result
  }

  @Test(
    "speak with clients that shake hands, of every revision",
    arguments: ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2099-01-01"])
  func handshake(_ revision: String) throws {
    let talk = try Dialogue(try TestRepository(.none), TestBinary.path, ["mcp"])
    let hello = try talk.ask(
      0, "initialize",
      #"{"protocolVersion":"\#(revision)","capabilities":{},"clientInfo":{"name":"t","version":"1"}}"#)
    let spoken = revision == "2099-01-01" ? "2025-11-25" : revision
    #expect(hello["result"]?["protocolVersion"] == .string(spoken))
    #expect(hello["result"]?["serverInfo"]?["name"] == .string("git-migrate"))
    try talk.send(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#)
    #expect(try talk.ask(1, "ping")["result"] == .object([]))
    let list = try talk.ask(2, "tools/list")["result"]
    #expect(list?["ttlMs"] == nil && list?["resultType"] == nil)
    guard case .array(let tools)? = list?["tools"] else { throw TestFailure("no tools") }
    #expect(tools.map { $0["name"] } == [.string("result"), .string("status"), .string("verify")])
    for tool in tools {
      let mayWrite = tool["name"] == .string("result")
      #expect(tool["annotations"]?["readOnlyHint"] == .bool(!mayWrite))
      #expect(tool["annotations"]?["destructiveHint"] == .bool(false))
    }
    #expect(try talk.ask(3, "resources/list")["error"]?["code"] == .integer(-32601))
    #expect(talk.end() == .exited(0))
  }

  @Test("speak with clients of the newer era, and tell those of another what they speak")
  func discovery() throws {
    let talk = try Dialogue(try TestRepository(.none), TestBinary.path, ["mcp"])
    let found = try talk.ask(1, "server/discover", "{\(Self.modern)}")["result"]
    #expect(found?["resultType"] == .string("complete"))
    guard case .array(let versions)? = found?["supportedVersions"] else { throw TestFailure("none") }
    #expect(versions.first == .string("2026-07-28") && versions.count == 5)
    #expect(found?["cacheScope"] != nil && found?["ttlMs"] != nil)
    #expect(try talk.ask(2, "tools/list", "{\(Self.modern)}")["result"]?["ttlMs"] != nil)
    let other = try talk.ask(
      3, "tools/list", "{\(Self.modern.replacing("2026-07-28", with: "2031-01-01"))}")["error"]
    #expect(other?["code"] == .integer(-32022))
    #expect(other?["data"]?["requested"] == .string("2031-01-01"))
    #expect(try talk.ask(4, "server/discover")["error"]?["code"] == .integer(-32602))
    try talk.send("no json")
    #expect(try talk.next()["error"]?["code"] == .integer(-32700))
    try talk.send(#"{"jsonrpc":"2.0","id":"x"}"#)
    let invalid = try talk.next()
    #expect(invalid["id"] == .string("x") && invalid["error"]?["code"] == .integer(-32600))
    #expect(try talk.ask(5, "tools/call", #"{"name":"rm"}"#)["error"]?["code"] == .integer(-32602))
  }

  @Test("tell the gate's verdict, as often as they are asked")
  func verdicts() throws {
    let (world, talk) = try world()
    try Files.writeAtomically(world.slot(1) + "/bad", Array("x".utf8))
    let failed = try call(talk, 1, "verify")
    #expect(failed["isError"] == .bool(false))
    #expect(failed["structuredContent"]?["verdict"] == .string("failed"))
    guard case .array(let content)? = failed["content"], case .string(let text)? = content.first?["text"]
    else { throw TestFailure("no text") }
    #expect(try JSON.parse(text) == failed["structuredContent"])
    try Files.removeFile(world.slot(1) + "/bad")
    try Files.writeAtomically(world.slot(1) + "/good", Array("x\n".utf8))
    let passed = try call(talk, 2, "verify", #"{"no_cache":true}"#)
    #expect(passed["structuredContent"]?["verdict"] == .string("passed"), "\(passed.canonical)")
    #expect(try world.states()["A"] == "leased")
    let standing = try call(talk, 3, "status")["structuredContent"]
    #expect(standing?["step"] == .string("A") && standing?["attempt"] == .integer(1))
    #expect(standing?["steps"] == .object([.init("leased", .integer(1)), .init("ready", .integer(1))]))
    #expect(try world.migrate("submit", in: world.slot(1)).code == 0)
    let late = try call(talk, 4, "verify")
    #expect(late["isError"] == .bool(true) && late["structuredContent"] == nil, "\(late.canonical)")
    #expect(late.canonical.contains("nobody holds it"))
  }

  @Test("tell how it goes, and end the verifiers when the call is cancelled")
  func cancellation() throws {
    let (world, talk) = try world(
      gate: "{ verifiers: [{ name: t, run: 'echo $$ > \"$HOME/pid\"; exec sleep 600' }] }")
    try Files.writeAtomically(world.slot(1) + "/x", Array("x".utf8))
    try talk.send(
      #"{"jsonrpc":"2.0","id":"v","method":"tools/call","params":"#
        + #"{"name":"verify","_meta":{"progressToken":"p"}}}"#)
    let told = try talk.next { $0["method"] == .string("notifications/progress") }
    #expect(told["params"]?["progressToken"] == .string("p"))
    #expect(try talk.ask(7, "ping")["result"] == .object([]), "it hears while the gate is at work")
    #expect(try eventually { try !world.note("pid").isEmpty })
    try talk.send(#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"v"}}"#)
    // The next call is worked on once the cancelled one has ended; that one has no answer.
    let status = try call(talk, 8, "status")
    #expect(status["structuredContent"]?["step"] == .string("A"))
    let pid = try world.note("pid").prefix { $0.isNumber }
    #expect(eventually { !Files.exists("/proc/\(pid)") })
    #expect(talk.end() == .exited(0))
  }

  @Test("note what the worker says; who hands in by themselves need not say it again")
  func words() throws {
    let (world, talk) = try world()
    let wrong = try talk.ask(1, "tools/call", #"{"name":"result","arguments":{"outcome":"great"}}"#)
    #expect(wrong["result"]?["isError"] == .bool(true))
    let noted = try call(talk, 2, "result", #"{"outcome":"no-op","reason":"all is there"}"#)
    #expect(noted["structuredContent"]?["next"] == .string("hand in with 'git migrate submit'"))
    let submit = try world.migrate("submit", "--json", in: world.slot(1))
    #expect(submit.code == 0, "\(submit)")
  }
}
