import Agents
import CanonicalJSON
import Testing

/// How agents are told of the server of tools.
@Suite struct ToolWiringTests {
  private let tools = AgentTools(
    program: "/opt/a \"b\"/git-migrate", arguments: ["mcp", "--epoch", "3", "S1"])

  @Test func `claude gets it as a file of servers, and may call its tools`() throws {
    var task = AgentTask(.claude)
    task.permissions = ["WebFetch"]
    task.tools = tools
    let words = task.invocation.arguments
    let at = try #require(words.firstIndex(of: "--mcp-config"))
    let server = try JSON.parse(words[at + 1])["mcpServers"]?["migrate"]
    #expect(server?["command"] == .string(tools.program))
    #expect(server?["args"] == .array(tools.arguments.map(JSON.string)))
    let allowed = try #require(words.firstIndex(of: "--allowedTools"))
    #expect(words[(allowed + 1)...].prefix(2) == ["WebFetch", "mcp__migrate__*"])
  }

  @Test func `codex gets it as settings, before it is told to go on`() throws {
    var task = AgentTask(.codex)
    task.resumed = AgentSession(id: "1-2")
    task.tools = tools
    let words = task.invocation.arguments.joined(separator: " ")
    #expect(words.contains(#"-c mcp_servers.migrate.command="/opt/a \"b\"/git-migrate" -c "#))
    #expect(words.contains(#"mcp_servers.migrate.args=["mcp","--epoch","3","S1"]"#))
    #expect(words.contains(#"-c mcp_servers.migrate.default_tools_approval_mode="approve" resume"#))
  }

  @Test func `nobody else does`() {
    var task = AgentTask(.command)
    task.tools = tools
    task.command = "aider"
    #expect(task.invocation.arguments == ["/bin/sh", "-c", "aider"])
    task = AgentTask(.claude)
    #expect(!task.invocation.arguments.contains("--mcp-config"))
  }
}
