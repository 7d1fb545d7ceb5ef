// swift-tools-version: 6.2
import Glibc
import PackageDescription

/// `MIGRATE_STRICT=1` turns every warning into an error; `.ci/run` sets it, so that a newer compiler's
/// warnings never break the build of somebody who only wants the tool.
let strict = Context.environment["MIGRATE_STRICT"] == "1"

let settings: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    // A section for each function: the linker takes those that are used, and one of those that are alike.
    .unsafeFlags(["-Xfrontend", "-function-sections"], .when(configuration: .release)),
  ] + (strict ? [.treatAllWarnings(as: .error)] : [])

/// Rooms that wait for git and for other programs: what is small starts sooner.
let small: [SwiftSetting] = settings + [.unsafeFlags(["-Osize"], .when(configuration: .release))]

/// Relocations that are packed make the program smaller by a megabyte, and C libraries before 2.36 cannot
/// unpack them.
let unpacksRelocations: Bool = {
  var text = [CChar](repeating: 0, count: 64)
  _ = confstr(Int32(_CS_GNU_LIBC_VERSION), &text, text.count)
  let numbers = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    .split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }
  return numbers.count >= 2 && (numbers[0], numbers[1]) >= (2, 36)
}()

/// The linker that comes with Swift. It lets go of what nobody uses once the program exports nothing; by
/// itself a program with Swift's libraries in it exports all of them. Functions that are alike become one:
/// nothing here compares their addresses. The table by which C++ finds who catches an exception is for
/// nobody here; debuggers read what it is made from.
let linking: [LinkerSetting] = [
  .unsafeFlags(
    ["-use-ld=lld", "-Xlinker", "--no-export-dynamic"]
      + ["-Xlinker", "--icf=all", "-Xlinker", "--no-eh-frame-hdr"]
      + (unpacksRelocations ? ["-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"] : []),
    .when(configuration: .release))
]

/// libgit2, what it wants for the part of it that is used here, and libyaml.
let archives = ["git2", "mbedcrypto", "http_parser", "pcre2-8", "yaml"]

/// Whether libgit2 and libyaml become parts of the program: where they lie as archives, as on Debian 12, and
/// libgit2 is the version that `Sources/Coffline` knows. Everywhere else, and with
/// `MIGRATE_SHARED_LIBGIT2=1`, the libraries of the system are used.
let isWithin: Bool = {
  #if arch(x86_64)
    let folder = "/usr/lib/x86_64-linux-gnu/"
  #elseif arch(arm64)
    let folder = "/usr/lib/aarch64-linux-gnu/"
  #else
    let folder = "/usr/lib/"
  #endif
  var target = [CChar](repeating: 0, count: 64)
  let count = readlink(folder + "libgit2.so", &target, target.count)
  guard Context.environment["MIGRATE_SHARED_LIBGIT2"] != "1", count > 0 else { return false }
  let version = String(decoding: target.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  return version == "libgit2.so.1.5"
    && archives.allSatisfy { access("\(folder)lib\($0).a", R_OK) == 0 }
}()

/// What a program is linked with for that; nothing where the modules name libraries of the system.
let libraries: [LinkerSetting] =
  isWithin ? [.unsafeFlags(archives.flatMap { ["-Xlinker", "-l:lib\($0).a"] })] : []

let package = Package(
  name: "git-migrate",
  products: [
    .executable(name: "git-migrate", targets: ["git-migrate"]),
    .executable(name: "git-migrate-web", targets: ["git-migrate-web"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    .systemLibrary(
      name: "Clibgit2", pkgConfig: isWithin ? nil : "libgit2", providers: [.apt(["libgit2-dev"])]),
    .systemLibrary(name: "Czlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "Cmicrohttpd", pkgConfig: "libmicrohttpd", providers: [.apt(["libmicrohttpd-dev"])]),
    .systemLibrary(
      name: "Clibyaml", pkgConfig: isWithin ? nil : "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "Ccurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .target(name: "Clinux"),
    .target(name: "Coffline", cSettings: isWithin ? [.define("MIGRATE_LIBGIT2_WITHIN")] : []),
    .target(name: "System", dependencies: ["Clinux"], swiftSettings: small),
    .target(name: "Supervision", dependencies: ["System", "Clinux"], swiftSettings: small),
    .target(
      name: "Git", dependencies: ["Clibgit2", "Coffline", "Czlib", "Supervision", "System"],
      swiftSettings: settings, linkerSettings: libraries),
    .target(name: "CanonicalJSON", swiftSettings: settings),
    .target(name: "Migration", dependencies: ["CanonicalJSON"], swiftSettings: settings),
    .target(name: "Agents", dependencies: ["CanonicalJSON", "Migration"], swiftSettings: small),
    .target(
      name: "Plans", dependencies: ["Agents", "CanonicalJSON", "Migration", "Clibyaml"],
      swiftSettings: small),
    .target(
      name: "Ledger", dependencies: ["CanonicalJSON", "Migration", "Git", "Supervision", "System"],
      swiftSettings: settings),
    .target(
      name: "Guarding",
      dependencies: ["CanonicalJSON", "Ledger", "Migration", "Git", "Supervision", "System"],
      swiftSettings: small),
    .target(
      name: "Gate", dependencies: ["CanonicalJSON", "Migration", "Git", "Supervision", "System"],
      swiftSettings: settings),
    .target(
      name: "Site",
      dependencies: [
        "CanonicalJSON", "Gate", "Guarding", "Ledger", "Plans", "Migration", "Git", "Supervision", "System",
      ],
      resources: [.embedInCode("Hooks/hooks")], swiftSettings: small),
    .target(
      name: "Runner",
      dependencies: [
        "Agents", "Forges", "CanonicalJSON", "Gate", "Ledger", "Plans", "Site", "Migration", "Git",
        "Supervision",
        "System",
      ],
      resources: [
        .embedInCode("Answers/Report/Page/page.css"), .embedInCode("Answers/Report/Page/page.js"),
      ],
      swiftSettings: small),
    .executableTarget(
      name: "git-migrate",
      dependencies: [
        "Agents", "Forges", "Runner", "Site", "CanonicalJSON", "Gate", "Ledger", "Plans", "Migration", "Git",
        "Supervision", "System",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: small, linkerSettings: linking),
    .target(name: "Forges", dependencies: ["CanonicalJSON", "Migration"], swiftSettings: small),
    .target(name: "Web", dependencies: ["Ccurl", "Forges"], swiftSettings: small),
    .executableTarget(
      name: "git-migrate-web",
      dependencies: [
        "Cmicrohttpd", "Forges", "Web", "Runner", "Site", "CanonicalJSON", "Ledger", "Migration", "Git",
        "Supervision",
        "System",
      ],
      swiftSettings: small, linkerSettings: linking),
    .target(name: "Draws", path: "Tests/Draws", swiftSettings: settings),
    .target(
      name: "Support",
      dependencies: ["CanonicalJSON", "Ledger", "Migration", "Git", "Supervision", "System"],
      path: "Tests/Support", swiftSettings: settings),
    .testTarget(
      name: "SupervisionTests", dependencies: ["Supervision", "System", "Support"], swiftSettings: settings),
    .testTarget(name: "GitTests", dependencies: ["Git", "System", "Support"], swiftSettings: settings),
    .testTarget(
      name: "MigrationTests", dependencies: ["Draws", "CanonicalJSON", "Migration"],
      exclude: ["Transcripts", "Golden"],
      swiftSettings: settings),
    .testTarget(
      name: "AgentsTests", dependencies: ["Agents", "CanonicalJSON", "Migration"], exclude: ["Streams"],
      swiftSettings: settings),
    .testTarget(
      name: "ForgesTests", dependencies: ["Forges", "CanonicalJSON", "Migration"], swiftSettings: settings),
    .testTarget(
      name: "PlansTests", dependencies: ["Draws", "Plans", "Agents", "CanonicalJSON", "Migration"],
      swiftSettings: settings),
    .testTarget(
      name: "LedgerTests",
      dependencies: ["Draws", "Guarding", "CanonicalJSON", "Ledger", "Migration", "Git", "Support"],
      swiftSettings: settings),
    .testTarget(
      name: "GateTests",
      dependencies: ["CanonicalJSON", "Gate", "Migration", "Git", "Supervision", "System", "Support"],
      exclude: ["Logs", "Corpus"],
      swiftSettings: settings),
    .testTarget(
      name: "RunnerTests",
      dependencies: [
        "Guarding",
        "Runner", "Site", "CanonicalJSON", "Agents", "Forges", "Gate", "Ledger", "Plans", "Migration", "Git",
        "Supervision",
        "System",
        "Support",
      ],
      swiftSettings: settings),
    .testTarget(
      name: "EndToEnd",
      dependencies: [
        "Draws", "Guarding", "Runner", "Site", "CanonicalJSON", "Gate", "Ledger", "Plans", "Migration", "Git",
        "Supervision",
        "System", "Support",
      ],
      path: "Tests/EndToEnd", exclude: ["Fixtures"], swiftSettings: settings),
    .testTarget(
      name: "CommandTests", dependencies: ["CanonicalJSON", "Migration", "Supervision", "System", "Support"],
      swiftSettings: settings),
    .testTarget(
      name: "Acceptance", dependencies: ["CanonicalJSON", "Migration", "Supervision", "System", "Support"],
      path: "Tests/Acceptance", swiftSettings: settings),
    .target(
      name: "Simulation",
      dependencies: [
        "Draws", "Forges", "Runner", "Site", "CanonicalJSON", "Gate", "Ledger", "Migration", "Git",
      ],
      path: "Tests/Simulation", swiftSettings: settings),
    .executableTarget(
      name: "git-migrate-simulate", dependencies: ["Simulation"], path: "Tests/Simulate",
      swiftSettings: settings),
    .testTarget(
      name: "SimulationTests",
      dependencies: ["Simulation", "CanonicalJSON", "Runner", "Site", "Ledger", "Migration", "Git"],
      swiftSettings: settings),
    .testTarget(
      name: "TidyTests", dependencies: ["Runner", "Site", "CanonicalJSON", "Migration", "Support"],
      swiftSettings: settings),
  ]
)
