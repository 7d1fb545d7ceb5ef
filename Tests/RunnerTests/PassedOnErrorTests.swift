import Git
import Glibc
import Ledger
import Support
import System
import Testing

@testable import Site

/// What ends or pauses a run is seen in the error of git's library; the ledger passes such errors on.
@Suite("An error of git that the ledger passes on") struct PassedOnErrorTests {
  @Test("about what lies in the place of a file still says so")
  func oddPlace() throws {
    let world = try SiteWorld()
    try world.repository.git("pack-refs", "--all")
    let place = world.repository.path + "/.git/packed-refs"
    try Files.removeFile(place)
    #expect(mkfifo(place, 0o600) == 0)
    let error = #expect(throws: CommandError.self) { try reporting { try world.site.ledger.read() } }
    #expect(error?.isOddPlace == true && error?.waitsForUser == true)
    #expect(error?.changedSetting?.contains("'\(place)'") == true)
  }

  @Test("about a damaged object still says so, whether it was read or written")
  func damage() {
    let damaged = GitError(
      message: "the object's file '.git/objects/00/00'", operation: "read object", subject: "x")
    for error in [LedgerError.git(damaged), .notWritten(damaged)] { #expect(CommandError(error).isDamage) }
    #expect(!CommandError(LedgerError.busy(damaged)).isDamage)
  }
}
