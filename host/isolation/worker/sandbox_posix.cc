// libseccomp writes the filters; Landlock has no library of its own.
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <tenon/kernel_api/descriptor.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <memory>

#include "host/isolation/worker/sandbox.h"

namespace tenon::host {
namespace {

class Filter {
 public:
  explicit Filter(uint32_t otherwise) : context_(seccomp_init(otherwise)) {
    if (context_ != nullptr) (void)seccomp_attr_set(context_, SCMP_FLTATR_CTL_TSYNC, 1);
  }
  ~Filter() {
    if (context_ != nullptr) seccomp_release(context_);
  }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  // Calls that this machine or this version of the library does not know need no rule.
  void add(uint32_t action, std::initializer_list<const char*> calls) {
    for (const char* name : calls)
      if (const int call = seccomp_syscall_resolve_name(name); context_ != nullptr && call != __NR_SCMP_ERROR)
        (void)seccomp_rule_add(context_, action, call, 0);
  }

  void add(uint32_t action, const char* name, scmp_arg_cmp only) {
    if (const int call = seccomp_syscall_resolve_name(name); context_ != nullptr && call != __NR_SCMP_ERROR)
      (void)seccomp_rule_add(context_, action, call, 1, only);
  }

  Status load() {
    if (context_ == nullptr) return error(TN_UNSUPPORTED, "no filter of system calls can be made");
    const int failed = seccomp_load(context_);
    if (failed == 0) return {};
    return error(TN_UNSUPPORTED, "the system takes no filter of system calls: ", std::strerror(-failed));
  }

 private:
  scmp_filter_ctx context_;
};

}  // namespace

Status confine_before_loading() {
  const rlimit none{0, 0};
  (void)setrlimit(RLIMIT_CORE, &none);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return error(TN_UNSUPPORTED, "privileges cannot be given up: ", std::strerror(errno));
  Filter filter(SCMP_ACT_ALLOW);
  filter.add(SCMP_ACT_ERRNO(EPERM), {"socket",
                                     "socketpair",
                                     "connect",
                                     "bind",
                                     "listen",
                                     "accept",
                                     "accept4",
                                     "execve",
                                     "execveat",
                                     "fork",
                                     "vfork",
                                     "ptrace",
                                     "process_vm_readv",
                                     "process_vm_writev",
                                     "pidfd_open",
                                     "pidfd_getfd",
                                     "kill",
                                     "mount",
                                     "umount2",
                                     "pivot_root",
                                     "chroot",
                                     "setns",
                                     "unshare",
                                     "bpf",
                                     "perf_event_open",
                                     "userfaultfd",
                                     "io_uring_setup",
                                     "keyctl",
                                     "add_key",
                                     "request_key",
                                     "init_module",
                                     "finit_module",
                                     "delete_module",
                                     "kexec_load",
                                     "reboot",
                                     "swapon",
                                     "swapoff",
                                     "open_by_handle_at",
                                     "unlink",
                                     "unlinkat",
                                     "rename",
                                     "renameat",
                                     "renameat2",
                                     "mkdir",
                                     "mkdirat",
                                     "rmdir",
                                     "link",
                                     "linkat",
                                     "symlink",
                                     "symlinkat",
                                     "chmod",
                                     "fchmodat",
                                     "chown",
                                     "lchown",
                                     "fchownat",
                                     "truncate",
                                     "mknod",
                                     "mknodat",
                                     "setxattr"});
  // Threads, and no processes. The arguments of clone3 lie in memory, where no filter sees them: without it, clone is
  // used.
  filter.add(SCMP_ACT_ERRNO(EPERM), "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
  filter.add(SCMP_ACT_ERRNO(ENOSYS), {"clone3"});
  return filter.load();
}

namespace {

constexpr uint64_t kReading = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

// What the oldest version knows. Whatever is not allowed of it is refused; what later versions add, such as cutting
// files, is refused by the filter.
constexpr uint64_t kHandled = kReading | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                              LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                              LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |
                              LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
                              LANDLOCK_ACCESS_FS_MAKE_SYM;

bool allow_reading(int rules, const char* path, uint64_t access) {
  const int place = open(path, O_PATH | O_CLOEXEC);
  if (place < 0) return false;
  landlock_path_beneath_attr rule{};
  rule.allowed_access = access;
  rule.parent_fd = place;
  const bool is_added = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) == 0;
  close(place);
  return is_added;
}

// Where libraries are, and what they ask of the machine's kind when they start.
bool confine_files(const std::filesystem::path& own_folder) {
  landlock_ruleset_attr handled{};
  handled.handled_access_fs = kHandled;
  const auto rules = static_cast<int>(syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0));
  if (rules < 0) return false;
  bool is_confined = allow_reading(rules, own_folder.c_str(), kReading);
  for (const char* folder : {"/lib", "/lib64", "/usr/lib", "/usr/local/lib", "/sys/devices/system"})
    (void)allow_reading(rules, folder, kReading);
  for (const char* file : {"/etc/ld.so.cache", "/proc/cpuinfo"})
    (void)allow_reading(rules, file, LANDLOCK_ACCESS_FS_READ_FILE);
  is_confined = is_confined && syscall(SYS_landlock_restrict_self, rules, 0) == 0;
  close(rules);
  return is_confined;
}

}  // namespace

Status confine_after_loading(const std::filesystem::path& own_folder) {
  // The sanitizers' runtimes read files of the process when they have something to tell.
  if (TN_THIS_SANITIZER != 0) return error(TN_UNSUPPORTED, "this build runs under a sanitizer");
  const bool has_files_confined = confine_files(own_folder);
  Filter filter(SCMP_ACT_ERRNO(EPERM));
  if (has_files_confined)
    filter.add(SCMP_ACT_ALLOW, {"open", "openat", "access", "faccessat", "faccessat2", "readlink", "readlinkat",
                                "getdents64", "statx", "stat", "lstat", "getcwd"});
  filter.add(
      SCMP_ACT_ALLOW,
      {// memory
       "mmap", "mmap2", "munmap", "mremap", "mprotect", "madvise", "brk", "mlock", "mlock2", "munlock", "mincore",
       "membarrier", "msync", "pkey_alloc", "pkey_free", "pkey_mprotect", "get_mempolicy", "set_mempolicy", "mbind",
       // threads
       "futex", "futex_waitv", "set_robust_list", "get_robust_list", "rseq", "gettid", "set_tid_address", "exit",
       "exit_group", "sched_yield", "sched_getaffinity", "sched_setaffinity", "sched_getparam", "sched_getscheduler",
       "sched_get_priority_max", "sched_get_priority_min", "getcpu", "getpriority", "arch_prctl", "prctl",
       // signals, of this process alone
       "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait", "sigaltstack", "restart_syscall",
       "rt_sigpending",
       // time
       "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "times", "getitimer",
       // what is open already
       "read", "write", "readv", "writev", "pread64", "pwrite64", "lseek", "close", "close_range", "fstat",
       "newfstatat", "fcntl", "dup", "dup2", "dup3", "poll", "ppoll", "select", "pselect6", "epoll_create1",
       "epoll_ctl", "epoll_wait", "epoll_pwait", "eventfd2", "pipe2", "recvmsg", "sendmsg", "recvfrom", "sendto",
       "recvmmsg", "shutdown", "ioctl",
       // facts of the process and the machine
       "getpid", "getppid", "getuid", "geteuid", "getgid", "getegid", "uname", "sysinfo", "getrlimit", "prlimit64",
       "getrusage", "getrandom", "getpgrp", "getsid"});
  filter.add(SCMP_ACT_ALLOW, "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
  filter.add(SCMP_ACT_ERRNO(ENOSYS), {"clone3"});
  filter.add(SCMP_ACT_ALLOW, "tgkill", SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(getpid())));
  return filter.load();
}

}  // namespace tenon::host
