import Glibc
import Migration
import Support
import System
import Testing

@Suite("A signature")
struct SigningTests {
  /// A signing program that says what git wants to hear of GnuPG, unless `$HOME/locked` is there.
  private static let signer = """
    #!/bin/sh
    cat > /dev/null
    test ! -e "$HOME/locked" || exit 2
    echo "[GNUPG:] SIG_CREATED D 1 8 00 0 0" >&2
    printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nby the test\\n-----END PGP SIGNATURE-----\\n'

    """

  private func world() throws -> MigrationWorld {
    let world = try MigrationWorld()
    world.repository.environment["GIT_CONFIG_GLOBAL"] = nil
    try Files.writeAtomically(world.home("signer"), Array(SigningTests.signer.utf8), mode: 0o755)
    let settings =
      TestRepository.noWalls + "[commit]\n\tgpgSign = true\n[gpg]\n\tprogram = \(world.home("signer"))\n"
    try Files.writeAtomically(world.home(".gitconfig"), Array(settings.utf8))
    return world
  }

  private func isSigned(_ world: MigrationWorld, _ revision: String) throws -> Bool {
    try world.repository.git("cat-file", "commit", revision).contains("\n by the test\n")
  }

  @Test(
    "is on every commit that comes on the branch when the user signs commits, and the tree is that judged")
  func signed() throws {
    let world = try world()
    try world.start(
      "  - { id: A, run: 'echo x > x' }\n  - { id: B, run: 'echo y > y', needs: [A] }",
      gate: "{ verifiers: [{ name: t, run: 'true' }] }")
    #expect(try world.migrate("run").code == 0)
    #expect(try isSigned(world, "migrate/mig") && isSigned(world, "migrate/mig~1"))
    #expect(try world.repository.git("log", "-1", "--format=%P", "migrate/mig").count == 40)
    try world.repository.git("commit", "--quiet", "--allow-empty", "--message=people")
    #expect(try world.migrate("refresh").code == 0)
    #expect(try isSigned(world, "migrate/mig"))
    #expect(try world.complaints() == "")
    #expect(try world.migrate("doctor").out.contains(", and signed"))
  }

  @Test("that cannot be made is told by start, in words; nothing is recorded")
  func refused() throws {
    let world = try world()
    try world.allow("locked")
    let refused = #expect(throws: TestFailure.self) { try world.start("  - { id: A, run: 'echo x > x' }") }
    let words = refused?.description ?? ""
    #expect(words.contains("failed to sign the data") && words.contains("commit.gpgSign false"), "\(words)")
    #expect(try world.repository.runGit(["rev-parse", "-q", "--verify", "refs/migrate/ledger"]).code == 1)
  }

  @Test("that cannot be made any more ends the run, and costs no attempt; the next run goes on")
  func lockedLater() throws {
    let world = try world()
    try world.start("  - { id: A, run: 'echo x > x; touch \"$HOME/locked\"' }")
    let run = try world.migrate("run")
    #expect(run.code == 1 && run.err.contains("failed to sign the data"), "\(run)")
    #expect(try world.states() == ["A": "submitted"])
    let again = try world.migrate("run")
    #expect(again.code == 128 && again.err.contains("failed to sign the data"), "\(again)")
    try Files.removeFile(world.home("locked"))
    #expect(try world.migrate("run").code == 0)
    #expect(try isSigned(world, "migrate/mig"))
  }

  @Test("is made by an ssh key where the user has one")
  func ssh() throws {
    let world = try world()
    let key = world.home("key")
    guard (try? world.repository.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]))?.code == 0
    else {
      return
    }
    let settings =
      TestRepository.noWalls
      + "[commit]\n\tgpgSign = true\n[gpg]\n\tformat = ssh\n[user]\n\tsigningKey = \(key).pub\n"
    try Files.writeAtomically(world.home(".gitconfig"), Array(settings.utf8))
    try world.start("  - { id: A, run: 'echo x > x' }")
    #expect(try world.migrate("run").code == 0)
    #expect(try world.repository.git("cat-file", "commit", "migrate/mig").contains("BEGIN SSH SIGNATURE"))
  }
}
