import Glibc
import Support
import System

/// The programs that git is made of, each of which can be disturbed alone: a fault in the n-th call of every
/// process would always strike the first of them that gets so far, and never the server behind a push.
struct CrashPrograms {
  /// A folder that goes before all others on `PATH`.
  let folder: String

  private static let gits = "/usr/lib/git-core"

  /// Takes the place of git, and of the two programs that it starts on the other side.
  private static func script(_ folder: String) -> String {
    """
    #!/bin/sh
    name=${0##*/} real=/usr/bin/git word=
    if [ "$name" = git ]; then
      skip=
      for word; do
        case $skip$word in
          -c | -C) skip=skip ;;
          skip* | -*) skip= ;;
          *) break ;;
        esac
      done
    else
      word=${name#git-} real=\(gits)/$name
    fi
    [ -e \(folder)/on ] || exec "$real" "$@"
    GIT_EXEC_PATH=\(folder) number=1
    export GIT_EXEC_PATH
    while ! mkdir "\(folder)/turns/$word.$number" 2> /dev/null; do number=$((number + 1)); done
    read -r which options < \(folder)/on
    case $which in
      all) exec /usr/bin/strace -q -y -o "\(folder)/traces/$word.$number" $options "$real" "$@" ;;
      "$word.$number") exec /usr/bin/strace -q -o "\(folder)/traces/hit" $options "$real" "$@" ;;
    esac
    exec "$real" "$@"
    """
  }

  /// Makes the folder, with everything else that git has.
  init(in root: String) throws {
    folder = root + "/programs"
    try Files.makeDirectories(folder + "/turns")
    try Files.makeDirectories(folder + "/traces")
    let own = ["git", "git-receive-pack", "git-upload-pack"]
    for name in try Files.listDirectory(Self.gits) where !own.contains(name) {
      guard symlink(Self.gits + "/" + name, folder + "/" + name) == 0 else { throw TestFailure(name) }
    }
    for name in own {
      try Files.writeAtomically(folder + "/" + name, Array(Self.script(folder).utf8), mode: 0o755)
    }
  }

  /// Has every program traced from now on, or one of them disturbed.
  func switchOn(_ point: CrashPoint?) throws {
    let line =
      if let point {
        "\(point.program ?? "") -e trace=\(point.call) -e inject=\(point.injection)\n"
      } else {
        "all -e trace=\(CrashWorld.calls.joined(separator: ","))\n"
      }
    try Files.writeAtomically(folder + "/on", Array(line.utf8))
  }

  /// Lets all of them run as they are.
  func switchOff() throws { try Files.removeFile(folder + "/on") }

  /// What the disturbed program did; empty when it was never started.
  func hit() throws -> String {
    String(decoding: try Files.readFile(folder + "/traces/hit") ?? [], as: UTF8.self)
  }

  /// What each program did that was traced.
  func traces() throws -> [(program: String, text: String)] {
    try Files.listDirectory(folder + "/traces").sorted().map { name in
      let bytes = try Files.readFile("\(folder)/traces/\(name)") ?? []
      return (name, String(decoding: bytes, as: UTF8.self))
    }
  }
}
