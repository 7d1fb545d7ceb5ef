import Support
import Testing

/// The program that speaks HTTP, as `git migrate` finds it.
@Suite struct WebProgramTests {
  private let program = TestBinary.directory + "/git-migrate-web"

  @Test func `it has the version of the other one`() throws {
    let world = try TestRepository(.none)
    let found = try world.run(program, ["--version"])
    let other = try world.run(TestBinary.path, ["--version"])
    #expect(found == TestRun(0, out: other.out.replacing("git-migrate", with: "git-migrate-web")))
  }

  @Test func `people are sent to the command that they mean`() throws {
    let found = try TestRepository(.none).run(program, [])
    #expect(found.code == 129)
    #expect(found.err.contains("git migrate"))
  }
}
