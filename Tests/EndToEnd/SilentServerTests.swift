import Glibc
import Support
import Testing

/// A server that takes a connection and never says a word.
@Suite("A silent server")
struct SilentServerTests {
  @Test("who asks a run to stop does not wait for it")
  func interrupted() throws {
    let listener = try LoopbackSocket.listen()
    defer { close(listener.descriptor) }
    let world = try MigrationWorld()
    try world.start("  - { id: A, run: 'echo b > a.txt' }")
    try world.repository.git("remote", "add", "origin", "http://127.0.0.1:\(listener.port)/x.git")
    try world.repository.git("config", "migrate.remote", "origin")
    #expect(try world.migrate("trust", "--yes").code == 0)
    let run = try world.begin("run")
    let connection = LoopbackSocket.accept(listener.descriptor)
    defer { close(connection) }
    run.send(SIGINT)
    #expect(try run.wait(seconds: 100).code == 130, "\(run.output)")
    #expect(try world.survivors() == [])
  }
}
