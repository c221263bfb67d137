// Watches the system calls of a process about files below one folder: fails one of them, and records those that succeed.
//
// Loaded by LD_PRELOAD. A seccomp filter traps the calls by number, whoever makes them: libc's own stdio, SQLite, Rust's
// libraries that call the kernel without libc. The SIGSYS handler does the call from one address, which the filter
// lets pass. Which file a descriptor is of is what /proc/self/fd says at that moment, so there is no table to keep.
//
//   SHIM_FOLDER   the folder, without symbolic links; where it is not set nothing is trapped
//   SHIM_FAIL     CALLS:K:ERRNO:once|forever[:short]
//   SHIM_ARMED    1: failing begins at once, else at shim_mark("arm")
//   SHIM_RECORD   file to which a record of each call is appended
//   SHIM_REPORT   file of struct Report, which is right at every moment, after a kill too
//
// A process that is watched can fork, but must not execute another program. x86-64 alone.
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <ucontext.h>
#include <unistd.h>

extern "C" long shim_pass(long number, const long *arguments);
extern "C" char shim_passed[];
asm(R"(
.text
.globl shim_pass, shim_passed
.hidden shim_pass, shim_passed
.type shim_pass, @function
shim_pass:
    mov %rdi, %rax
    mov %rsi, %r11
    mov 0(%r11), %rdi
    mov 8(%r11), %rsi
    mov 16(%r11), %rdx
    mov 24(%r11), %r10
    mov 32(%r11), %r8
    mov 40(%r11), %r9
    syscall
shim_passed:
    ret
)");

namespace {

// The order is that of CALLS in records.py.
enum Call : uint8_t { OPEN, READ, WRITE, SYNC, TRUNCATE, RENAME, LINK, UNLINK, MKDIR, RMDIR, MMAP, LIST, MARK, CALLS };
const char *const NAMES[CALLS] = {"open", "read", "write", "sync", "truncate", "rename", "link",
                                  "unlink", "mkdir", "rmdir", "mmap", "list", "mark"};
constexpr uint32_t CREATED = 1, TRUNCATED = 2, DATA_ONLY = 4;

struct Header {
    uint8_t call, folder;
    uint16_t path_bytes, other_bytes;
    uint16_t unused;
    uint32_t flags, unused_too;
    uint64_t inode, offset, size, data_bytes;
};

struct Report {
    uint64_t seen[CALLS];
    uint64_t counted, failed;
    char first[256];
};

struct Plan {
    bool wanted[CALLS];
    uint64_t at;
    int error;
    bool forever, partly;
};

char watched[PATH_MAX];
size_t watched_length;
Plan plan;
bool armed;
int record = -1;
Report own_report;
Report *report = &own_report;
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

long pass(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
    const long arguments[] = {a, b, c, d, e, f};
    return shim_pass(number, arguments);
}

long address(const void *pointer) { return reinterpret_cast<long>(pointer); }

constexpr uint64_t OF_TRAPS = 1ull << (SIGSYS - 1);

// Holds the mutex with all signals blocked: a signal's handler that wrote to the folder would wait for itself.
class Turn {
  public:
    Turn() {
        const uint64_t all = ~OF_TRAPS;
        pass(SYS_rt_sigprocmask, SIG_SETMASK, address(&all), address(&before_), sizeof all);
        pthread_mutex_lock(&mutex);
    }
    ~Turn() {
        pthread_mutex_unlock(&mutex);
        pass(SYS_rt_sigprocmask, SIG_SETMASK, address(&before_), 0, sizeof before_);
    }

  private:
    uint64_t before_ = 0;
};

struct Path {
    char text[2 * PATH_MAX];

    bool below() const {
        return !strncmp(text, watched, watched_length) && (text[watched_length] == '/' || !text[watched_length]);
    }

    // The path of a descriptor; false where it has none.
    bool of_descriptor(int descriptor) {
        char link[40];
        snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
        const long length = pass(SYS_readlinkat, AT_FDCWD, address(link), address(text), PATH_MAX);
        if (length <= 0 || text[0] != '/')
            return false;
        text[length] = 0;
        constexpr char gone[] = " (deleted)";
        if (length > 10 && !strcmp(text + length - 10, gone))
            text[length - 10] = 0;
        return true;
    }

    // The absolute path of a name, with neither `.` nor `..` in it.
    bool of_name(int folder, const char *name) {
        if (!name)
            return false;
        text[0] = 0;
        if (name[0] != '/') {
            if (folder != AT_FDCWD) {
                if (!of_descriptor(folder))
                    return false;
            } else {
                const long length = pass(SYS_readlinkat, AT_FDCWD, address("/proc/self/cwd"), address(text), PATH_MAX);
                if (length <= 0)
                    return false;
                text[length] = 0;
            }
        }
        size_t end = strlen(text);
        while (*name) {
            while (*name == '/')
                name++;
            const size_t length = strcspn(name, "/");
            if (length == 2 && !strncmp(name, "..", 2)) {
                while (end && text[--end] != '/') {
                }
            } else if (length && !(length == 1 && *name == '.')) {
                if (end + length + 2 > sizeof text)
                    return false;
                text[end++] = '/';
                memcpy(text + end, name, length);
                end += length;
            }
            text[end] = 0;
            name += length;
        }
        return true;
    }
};

struct State {
    uint64_t inode = 0, size = 0;
    bool there = false, folder = false;
};

State state_of(int folder, const char *name, int flags) {
    struct stat found;
    State state;
    if (pass(SYS_newfstatat, folder, address(name), address(&found), flags) == 0) {
        state.there = true;
        state.inode = found.st_ino;
        state.size = static_cast<uint64_t>(found.st_size);
        state.folder = S_ISDIR(found.st_mode);
    }
    return state;
}

State state_of(const Path &path) { return state_of(AT_FDCWD, path.text, AT_SYMLINK_NOFOLLOW); }
State state_of(int descriptor) { return state_of(descriptor, "", AT_EMPTY_PATH); }

void append(const void *bytes, size_t count) {
    const char *from = static_cast<const char *>(bytes);
    while (count) {
        const long written = pass(SYS_write, record, address(from), static_cast<long>(count));
        if (written <= 0)
            abort(); // a record with a hole would tell of another history
        from += written;
        count -= static_cast<size_t>(written);
    }
}

void note(Header header, const char *path, const char *other = "", const void *data = nullptr) {
    if (record < 0)
        return;
    header.path_bytes = static_cast<uint16_t>(strlen(path));
    header.other_bytes = static_cast<uint16_t>(strlen(other));
    char head[sizeof header + 4 * PATH_MAX];
    memcpy(head, &header, sizeof header);
    memcpy(head + sizeof header, path, header.path_bytes);
    memcpy(head + sizeof header + header.path_bytes, other, header.other_bytes);
    append(head, sizeof header + header.path_bytes + header.other_bytes);
    append(data, header.data_bytes);
}

Header header_of(Call call, const State &state) {
    Header header{};
    header.call = call;
    header.folder = state.folder;
    header.inode = state.inode;
    return header;
}

// What is to become of this call: 0 it is done, an error number, or -1, a write of half.
int fate(Call call, const char *path) {
    if (!armed)
        return 0;
    report->seen[call]++;
    if (!plan.wanted[call])
        return 0;
    report->counted++;
    if (!plan.at || report->counted < plan.at || (report->counted > plan.at && !plan.forever))
        return 0;
    if (!report->failed++)
        snprintf(report->first, sizeof report->first, "%s %s", NAMES[call], path + watched_length);
    return plan.partly && call == WRITE && report->counted == plan.at ? -1 : plan.error;
}

// Reads back what a call wrote, which may have come from many places or from another file.
void note_written(int descriptor, const Path &path, uint64_t offset, uint64_t count) {
    if (record < 0 || !count)
        return;
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const long reader = pass(SYS_openat, AT_FDCWD, address(link), O_RDONLY | O_CLOEXEC);
    if (reader < 0)
        abort();
    Header header = header_of(WRITE, state_of(descriptor));
    static char piece[1 << 16]; // whoever is here holds the mutex
    while (count) {
        const uint64_t most = count < sizeof piece ? count : sizeof piece;
        const long got = pass(SYS_pread64, reader, address(piece), static_cast<long>(most), static_cast<long>(offset));
        if (got <= 0)
            abort();
        header.offset = offset;
        header.data_bytes = static_cast<uint64_t>(got);
        note(header, path.text, "", piece);
        offset += static_cast<uint64_t>(got);
        count -= static_cast<uint64_t>(got);
    }
    pass(SYS_close, reader);
}

long on_open(long number, const long *arguments, int folder, const char *name, int flags) {
    Path path;
    if (!path.of_name(folder, name) || !path.below())
        return shim_pass(number, arguments);
    Turn turn;
    if (const int error = fate(OPEN, path.text))
        return -error;
    const State before = state_of(path);
    const long result = shim_pass(number, arguments);
    if (result >= 0 && (flags & (O_CREAT | O_WRONLY | O_RDWR | O_TRUNC))) {
        Header header = header_of(OPEN, state_of(static_cast<int>(result)));
        header.flags = (before.there ? 0 : CREATED) | (before.there && (flags & O_TRUNC) ? TRUNCATED : 0);
        note(header, path.text);
    }
    return result;
}

// `at` is the offset that the call names, or -1: that of the descriptor.
long on_write(long number, const long *arguments, int descriptor, long at) {
    Path path;
    if (!path.of_descriptor(descriptor) || !path.below())
        return shim_pass(number, arguments);
    Turn turn;
    const int error = fate(WRITE, path.text);
    if (error > 0)
        return -error;
    long given[6];
    memcpy(given, arguments, sizeof given);
    if (error < 0 && (number == SYS_write || number == SYS_pwrite64) && given[2] > 1)
        given[2] /= 2;
    const long result = shim_pass(number, given);
    if (result > 0) {
        const long flags = pass(SYS_fcntl, descriptor, F_GETFL);
        const long end = at < 0 || (flags & O_APPEND) ? pass(SYS_lseek, descriptor, 0, SEEK_CUR) : at + result;
        const long last = at >= 0 && (flags & O_APPEND) ? static_cast<long>(state_of(descriptor).size) : end;
        note_written(descriptor, path, static_cast<uint64_t>(last - result), static_cast<uint64_t>(result));
    }
    return result;
}

// Calls of a descriptor that write nothing: read, sync, mmap, list.
long on_descriptor(long number, const long *arguments, Call call, int descriptor, uint32_t flags) {
    Path path;
    if (!path.of_descriptor(descriptor) || !path.below())
        return shim_pass(number, arguments);
    Turn turn;
    if (const int error = fate(call, path.text))
        return -error;
    const long result = shim_pass(number, arguments);
    const bool failed = result < 0 && result > -4096;
    const bool shared = call == MMAP && (arguments[2] & PROT_WRITE) && (arguments[3] & MAP_TYPE) != MAP_PRIVATE;
    if (!failed && (call == SYNC || shared)) {
        Header header = header_of(call, state_of(descriptor));
        header.flags = flags;
        if (shared) {
            header.size = static_cast<uint64_t>(arguments[1]);
            header.offset = static_cast<uint64_t>(arguments[5]);
        }
        note(header, path.text);
    }
    return result;
}

long truncated(long number, const long *arguments, const Path &path) {
    Turn turn;
    if (const int error = fate(TRUNCATE, path.text))
        return -error;
    const long result = shim_pass(number, arguments);
    if (result == 0) {
        const State state = state_of(path);
        Header header = header_of(TRUNCATE, state);
        header.size = state.size;
        note(header, path.text);
    }
    return result;
}

long on_truncate(long number, const long *arguments) {
    Path path;
    const bool known = number == SYS_truncate ? path.of_name(AT_FDCWD, reinterpret_cast<const char *>(arguments[0]))
                                              : path.of_descriptor(static_cast<int>(arguments[0]));
    return known && path.below() ? truncated(number, arguments, path) : shim_pass(number, arguments);
}

// rename and link: `path` becomes, or is also, `other`.
long on_pair(long number, const long *arguments, Call call, int folder, long name, int other_folder, long other_name) {
    Path path, other;
    if (!path.of_name(folder, reinterpret_cast<const char *>(name)) ||
        !other.of_name(other_folder, reinterpret_cast<const char *>(other_name)) || !(path.below() || other.below()))
        return shim_pass(number, arguments);
    Turn turn;
    if (const int error = fate(call, path.text))
        return -error;
    const State state = state_of(path);
    const long result = shim_pass(number, arguments);
    if (result == 0)
        note(header_of(call, state), path.text, other.text);
    return result;
}

// Calls of one name: unlink, rmdir, mkdir.
long on_name(long number, const long *arguments, Call call, int folder, long name) {
    Path path;
    if (!path.of_name(folder, reinterpret_cast<const char *>(name)) || !path.below())
        return shim_pass(number, arguments);
    Turn turn;
    if (const int error = fate(call, path.text))
        return -error;
    const State before = state_of(path);
    const long result = shim_pass(number, arguments);
    if (result == 0)
        note(header_of(call, call == MKDIR ? state_of(path) : before), path.text);
    return result;
}

long dispatch(long number, const long *a) {
    const int first = static_cast<int>(a[0]);
    switch (number) {
    case SYS_open:
        return on_open(number, a, AT_FDCWD, reinterpret_cast<const char *>(a[0]), static_cast<int>(a[1]));
    case SYS_creat:
        return on_open(number, a, AT_FDCWD, reinterpret_cast<const char *>(a[0]), O_CREAT | O_WRONLY | O_TRUNC);
    case SYS_openat:
        return on_open(number, a, first, reinterpret_cast<const char *>(a[1]), static_cast<int>(a[2]));
    case SYS_read:
    case SYS_readv:
    case SYS_pread64:
    case SYS_preadv:
    case SYS_preadv2:
        return on_descriptor(number, a, READ, first, 0);
    case SYS_getdents64:
        return on_descriptor(number, a, LIST, first, 0);
    case SYS_write:
    case SYS_writev:
    case SYS_sendfile:
        return on_write(number, a, first, -1);
    case SYS_copy_file_range:
        return on_write(number, a, static_cast<int>(a[2]), a[3] ? *reinterpret_cast<const long *>(a[3]) : -1);
    case SYS_pwrite64:
    case SYS_pwritev:
    case SYS_pwritev2:
        return on_write(number, a, first, a[3]);
    case SYS_fsync:
        return on_descriptor(number, a, SYNC, first, 0);
    case SYS_fdatasync:
        return on_descriptor(number, a, SYNC, first, DATA_ONLY);
    case SYS_truncate:
    case SYS_ftruncate:
    case SYS_fallocate:
        return on_truncate(number, a);
    case SYS_rename:
        return on_pair(number, a, RENAME, AT_FDCWD, a[0], AT_FDCWD, a[1]);
    case SYS_renameat:
    case SYS_renameat2:
        return on_pair(number, a, RENAME, first, a[1], static_cast<int>(a[2]), a[3]);
    case SYS_link:
        return on_pair(number, a, LINK, AT_FDCWD, a[0], AT_FDCWD, a[1]);
    case SYS_linkat:
        return on_pair(number, a, LINK, first, a[1], static_cast<int>(a[2]), a[3]);
    case SYS_unlink:
        return on_name(number, a, UNLINK, AT_FDCWD, a[0]);
    case SYS_unlinkat:
        return on_name(number, a, a[2] & AT_REMOVEDIR ? RMDIR : UNLINK, first, a[1]);
    case SYS_rmdir:
        return on_name(number, a, RMDIR, AT_FDCWD, a[0]);
    case SYS_mkdir:
        return on_name(number, a, MKDIR, AT_FDCWD, a[0]);
    case SYS_mkdirat:
        return on_name(number, a, MKDIR, first, a[1]);
    case SYS_mmap:
        return on_descriptor(number, a, MMAP, static_cast<int>(a[4]), 0);
    }
    return shim_pass(number, a);
}

const int TRAPPED[] = {SYS_open,   SYS_creat,      SYS_openat,   SYS_read,     SYS_readv,     SYS_pread64,
                       SYS_preadv, SYS_preadv2,    SYS_write,    SYS_writev,   SYS_pwrite64,  SYS_pwritev,
                       SYS_pwritev2, SYS_sendfile, SYS_copy_file_range, SYS_fsync, SYS_fdatasync, SYS_truncate,
                       SYS_ftruncate, SYS_fallocate, SYS_rename, SYS_renameat, SYS_renameat2, SYS_link,
                       SYS_linkat, SYS_unlink,     SYS_unlinkat, SYS_rmdir,    SYS_mkdir,     SYS_mkdirat,
                       SYS_getdents64, SYS_rt_sigprocmask};

// Blocks and unblocks signals for the interrupted code, but never the traps' own: the kernel kills a thread that has
// blocked them and makes a trapped call, as glibc does where a thread ends.
long mask_signals(const long *arguments, sigset_t *mask) {
    uint64_t before, given;
    memcpy(&before, mask, sizeof before);
    if (arguments[3] != sizeof before)
        return -EINVAL;
    if (arguments[1]) {
        memcpy(&given, reinterpret_cast<const void *>(arguments[1]), sizeof given);
        const uint64_t after = arguments[0] == SIG_BLOCK     ? before | given
                               : arguments[0] == SIG_UNBLOCK ? before & ~given
                                                             : given;
        const uint64_t allowed = after & ~OF_TRAPS;
        memcpy(mask, &allowed, sizeof allowed);
    }
    if (arguments[2])
        memcpy(reinterpret_cast<void *>(arguments[2]), &before, sizeof before);
    return 0;
}

void on_trap(int, siginfo_t *information, void *context) {
    auto *interrupted = static_cast<ucontext_t *>(context);
    auto &registers = interrupted->uc_mcontext.gregs;
    const int kept = errno;
    const long arguments[] = {registers[REG_RDI], registers[REG_RSI], registers[REG_RDX],
                              registers[REG_R10], registers[REG_R8],  registers[REG_R9]};
    registers[REG_RAX] = information->si_syscall == SYS_rt_sigprocmask
                             ? mask_signals(arguments, &interrupted->uc_sigmask)
                             : dispatch(information->si_syscall, arguments);
    errno = kept;
}

sock_filter statement(int code, uint32_t value, int yes = 0, int no = 0) {
    return {static_cast<uint16_t>(code), static_cast<uint8_t>(yes), static_cast<uint8_t>(no), value};
}

// Traps every call of TRAPPED, and every mmap of a file, but from the one address that lets them pass.
bool trap_calls() {
    constexpr int LOAD = BPF_LD | BPF_W | BPF_ABS, EQUAL = BPF_JMP | BPF_JEQ | BPF_K, RETURN = BPF_RET | BPF_K;
    constexpr int COUNT = sizeof TRAPPED / sizeof *TRAPPED;
    const auto passed = reinterpret_cast<uint64_t>(shim_passed);
    sock_filter filter[COUNT + 13];
    int end = 0;
    filter[end++] = statement(LOAD, offsetof(seccomp_data, nr));
    for (int place = 0; place < COUNT; place++)
        filter[end++] = statement(EQUAL, static_cast<uint32_t>(TRAPPED[place]), COUNT - place + 2);
    filter[end++] = statement(EQUAL, SYS_mmap, 0, 7);
    filter[end++] = statement(LOAD, offsetof(seccomp_data, args[4]));
    filter[end++] = statement(EQUAL, 0xffffffff, 5);
    filter[end++] = statement(LOAD, offsetof(seccomp_data, instruction_pointer));
    filter[end++] = statement(EQUAL, static_cast<uint32_t>(passed), 0, 2);
    filter[end++] = statement(LOAD, offsetof(seccomp_data, instruction_pointer) + 4);
    filter[end++] = statement(EQUAL, static_cast<uint32_t>(passed >> 32), 1);
    filter[end++] = statement(RETURN, SECCOMP_RET_TRAP);
    filter[end++] = statement(RETURN, SECCOMP_RET_ALLOW);
    struct sigaction action {};
    action.sa_sigaction = on_trap;
    action.sa_flags = SA_SIGINFO | SA_NODEFER; // a handler of another signal may come in between, and write
    sigaction(SIGSYS, &action, nullptr);
    sock_fprog program{static_cast<unsigned short>(end), filter};
    return !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

int error_number(const char *name) {
    constexpr struct {
        const char *name;
        int number;
    } KNOWN[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EMFILE", EMFILE}, {"EACCES", EACCES}, {"EROFS", EROFS},
                 {"EDQUOT", EDQUOT}, {"ENOENT", ENOENT}, {"EINTR", EINTR},   {"ENOMEM", ENOMEM}};
    for (const auto &one : KNOWN)
        if (!strcmp(name, one.name))
            return one.number;
    return 0;
}

bool parse(const char *text, Plan &parsed) {
    char calls[128], error[16], often[16], partly[16] = "";
    unsigned long at = 0;
    const int fields = sscanf(text, "%127[^:]:%lu:%15[A-Z]:%15[a-z]:%15s", calls, &at, error, often, partly);
    parsed = {};
    parsed.at = at;
    parsed.error = error_number(error);
    parsed.forever = !strcmp(often, "forever");
    parsed.partly = !strcmp(partly, "short");
    for (char *name = strtok(calls, ","); name; name = strtok(nullptr, ",")) {
        bool found = false;
        for (int call = 0; call < MARK; call++)
            if (!strcmp(name, "*") || !strcmp(name, NAMES[call]))
                parsed.wanted[call] = found = true;
        if (!found)
            return false;
    }
    return fields >= 4 && parsed.error && (parsed.forever || !strcmp(often, "once")) && (fields == 4 || parsed.partly);
}

bool report_to(const char *path) {
    const int descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0 || ftruncate(descriptor, sizeof(Report)))
        return false;
    void *found = mmap(nullptr, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    close(descriptor);
    if (found == MAP_FAILED)
        return false;
    report = static_cast<Report *>(found);
    memset(found, 0, sizeof(Report));
    return true;
}

[[noreturn]] void refuse(const char *why) {
    fprintf(stderr, "shim: %s\n", why);
    _exit(125);
}

__attribute__((constructor)) void begin() {
    const char *folder = getenv("SHIM_FOLDER");
    if (!folder)
        return;
    watched_length = strlen(folder);
    if (watched_length >= sizeof watched || folder[0] != '/')
        refuse("SHIM_FOLDER is no absolute path");
    memcpy(watched, folder, watched_length + 1);
    const char *fail = getenv("SHIM_FAIL"), *to = getenv("SHIM_REPORT"), *kept = getenv("SHIM_RECORD");
    if (fail && *fail && !parse(fail, plan))
        refuse("SHIM_FAIL is not CALLS:K:ERRNO:once|forever[:short]");
    if (to && *to && !report_to(to))
        refuse("SHIM_REPORT cannot be written");
    if (kept && *kept && (record = open(kept, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) < 0)
        refuse("SHIM_RECORD cannot be written");
    armed = getenv("SHIM_ARMED") != nullptr;
    // A fork takes no mutex along that another thread holds.
    pthread_atfork(
        [] { pthread_mutex_lock(&mutex); }, [] { pthread_mutex_unlock(&mutex); }, [] { pthread_mutex_unlock(&mutex); });
    if (!trap_calls())
        refuse("the system allows no seccomp filter");
}

} // namespace

// Writes a record; "arm" and "disarm" switch failing, and "arm" begins to count anew.
extern "C" void shim_mark(const char *text) {
    Turn turn;
    if (!strcmp(text, "arm")) {
        armed = true;
        memset(report, 0, sizeof *report);
    } else if (!strcmp(text, "disarm")) {
        armed = false;
    }
    Header header{};
    header.call = MARK;
    header.data_bytes = strlen(text);
    note(header, "", "", text);
}

// Replaces SHIM_FAIL and SHIM_REPORT, in a process that was forked; returns 0, or -1 where it cannot.
extern "C" int shim_plan(const char *fail, const char *report_path) {
    Plan given;
    if (!parse(fail, given) || !report_to(report_path))
        return -1;
    Turn turn;
    plan = given;
    armed = false;
    return 0;
}
