import Git
import Glibc
import Ledger
import Migration

/// Ends the program with one line for people.
func stop(_ text: String) -> Never {
  let line = Array("ledger-bench: \(text)\n".utf8)
  _ = write(STDERR_FILENO, line, line.count)
  exit(1)
}

let usage = """
  usage: ledger-bench start REPO STEPS
         ledger-bench append REPO N
         ledger-bench bare REPO N
         ledger-bench pair REPO_OURS REPO_BARE ROUNDS N
         ledger-bench generate REPO STEPS EVENTS
         ledger-bench count REPO
  """

func number(_ text: String) -> Int {
  guard let number = Int(text), number > 0 else { stop("'\(text)' is not a number above 0") }
  return number
}

func open(_ path: String) throws -> Repository { try Repository.open(gitDirectory: path) }

/// Waits for the end of standard input, so that a driver can let many processes go at one moment.
func waitForStart() {
  print("ready")
  fflush(nil)
  while getchar() != EOF {}
}

let arguments = Array(CommandLine.arguments.dropFirst())
do {
  switch (arguments.first, arguments.count) {
  case ("start", 3): try Workload(try open(arguments[1])).start(steps: number(arguments[2]))
  case ("append", 3):
    let workload = Workload(try open(arguments[1]))
    try workload.read()
    waitForStart()
    print(try workload.append(number(arguments[2])))
  case ("bare", 3):
    let bare = try Bare(try open(arguments[1]))
    waitForStart()
    print(try bare.append(number(arguments[2])))
  case ("pair", 5):
    let ours = Workload(try open(arguments[1]))
    let bare = try Bare(try open(arguments[2]))
    let count = number(arguments[4])
    for _ in 0..<number(arguments[3]) { print(try ours.append(count), try bare.append(count)) }
  case ("generate", 4):
    try Workload(try open(arguments[1])).generate(steps: number(arguments[2]), events: number(arguments[3]))
  case ("count", 2): print(try Ledger(repository: try open(arguments[1])).commits().count)
  default: stop("wrong arguments\n" + usage)
  }
} catch {
  stop("\(error)")
}
