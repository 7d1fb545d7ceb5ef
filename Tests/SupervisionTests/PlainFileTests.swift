import Glibc
import System
import Testing

/// What a worker can make, and we open.
@Suite("A file that others can make") struct PlainFileTests {
  private let world: World

  init() throws { world = try World() }

  private var root: String { world.directory }

  private func make(_ path: String, _ text: String = "text") throws {
    try Files.makeDirectories(Files.parent(of: "\(root)/\(path)"))
    try Files.writeAtomically("\(root)/\(path)", Array(text.utf8))
  }

  private func isRefused(_ path: String, below folder: String? = nil) -> Bool {
    do throws(FileError) {
      _ = try Files.readPlain(path, below: folder, limit: 100)
      return false
    } catch {
      return error.code == FileError.notPlain
    }
  }

  @Test func `is read when it is plain`() throws {
    try make("a/b/c")
    #expect(try Files.readPlain("\(root)/a/b/c", limit: 4) == Array("text".utf8))
    #expect(try Files.readPlain("a/./b//c", below: root, limit: 4) == Array("text".utf8))
    #expect(try Files.readPlain("\(root)/none", limit: 4) == nil)
    #expect(try Files.readPlain("none/a", below: root, limit: 4) == nil)
    #expect(try Files.readPlain("a", below: root + "/none", limit: 4) == nil)
  }

  @Test func `is refused at once when it is a pipe, a link, a device, a folder or a socket`() throws {
    try make("file")
    #expect(mkfifo("\(root)/pipe", 0o600) == 0)
    #expect(symlink("file", "\(root)/link") == 0 && symlink("pipe", "\(root)/pipeline") == 0)
    try Files.makeDirectories(root + "/folder")
    for name in ["pipe", "link", "pipeline", "folder"] {
      #expect(isRefused("\(root)/\(name)"), "\(name)")
      #expect(isRefused(name, below: root), "\(name)")
    }
    #expect(isRefused("/dev/null") && isRefused("/dev/zero") && isRefused("/dev/tty"))
    #expect(throws: FileError.self) { try Files.tail(root + "/link", bytes: 9) }
    #expect(throws: FileError.self) { try Files.tail(root + "/pipe", bytes: 9) }
    #expect(throws: FileError.self) { try Files.readFile("/dev/zero") }
    #expect(try Files.readFile("/dev/null") == [])
  }

  @Test func `is refused when a link is on the way to it, and outside`() throws {
    try make("a/b/c")
    try make("other")
    #expect(symlink("b", "\(root)/a/link") == 0)
    for path in ["a/link/c", "a/../other", "..", ""] { #expect(isRefused(path, below: root), "\(path)") }
    #expect(isRefused("../other", below: root + "/a"))
    // Where the root itself lies is not the worker's business.
    #expect(symlink(root, "\(root)/self") == 0)
    #expect(try Files.readPlain("a/b/c", below: root + "/self", limit: 4) != nil)
  }

  @Test func `is not read further than it may be large`() throws {
    try make("file")
    do throws(FileError) {
      _ = try Files.readPlain(root + "/file", limit: 3)
      Issue.record("it was read")
    } catch {
      #expect(error.code == EFBIG)
    }
    #expect(truncate(root + "/file", 100 << 30) == 0)
    #expect(throws: FileError.self) { try Files.readPlain(root + "/file", limit: 1 << 20) }
  }

  @Test func `is not written through a link`() throws {
    try make("mine", "old")
    #expect(symlink("mine", "\(root)/link") == 0)
    #expect(throws: FileError.self) { try Files.append(root + "/link", [1]) }
    #expect(throws: FileError.self) { try Files.overwrite(root + "/link", [1]) }
    #expect(throws: FileError.self) { try FileLock.acquire(path: root + "/link", wait: false) }
    #expect(try Files.readFile(root + "/mine") == Array("old".utf8))
  }
}
