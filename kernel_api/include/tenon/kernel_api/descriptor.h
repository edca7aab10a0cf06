/* What the host reads from a provider library before it runs a single instruction of it. C99.
 * The library holds exactly one ELF note of the name "Tenon" and type 1, in the section TN_DESCRIPTOR_SECTION; its
 * description is a tn_descriptor. `readelf -n` shows it. */
#ifndef TENON_KERNEL_API_DESCRIPTOR_H
#define TENON_KERNEL_API_DESCRIPTOR_H

#include <tenon/kernel_api/base.h>

#define TN_DESCRIPTOR_SECTION ".note.tenon.provider"
#define TN_DESCRIPTOR_MAGIC "TNPROV1"

/* CPU features that the library needs to be loaded at all, as opposed to those it chooses between at run time. */
enum {
  TN_CPU_X86_64_V2 = 1u << 0, /* SSE4.2, POPCNT */
  TN_CPU_X86_64_V3 = 1u << 1, /* AVX2, FMA, BMI */
  TN_CPU_X86_64_V4 = 1u << 2, /* AVX-512 F, BW, CD, DQ, VL */
  TN_CPU_X86_VNNI = 1u << 3,  /* AVX512_VNNI */
  TN_CPU_X86_AMX = 1u << 4,   /* AMX tile and int8 */
  TN_CPU_ARM64_DOTPROD = 1u << 8,
  TN_CPU_ARM64_SVE = 1u << 9
};

enum { TN_SANITIZER_ADDRESS = 1u << 0, TN_SANITIZER_THREAD = 1u << 1, TN_SANITIZER_UNDEFINED = 1u << 2 };

typedef struct tn_descriptor {
  char magic[8]; /* TN_DESCRIPTOR_MAGIC with its zero */
  uint32_t struct_size;
  uint32_t min_abi; /* the versions of the ABI that the library can answer with, inclusive */
  uint32_t max_abi;
  uint32_t sanitizer;    /* TN_SANITIZER_...: it can be loaded only into a process that runs under it */
  uint32_t cpu_features; /* TN_CPU_... */
  char name[48];         /* zero-terminated, equal to tn_provider.name */
  char version[24];      /* zero-terminated, equal to tn_provider.version */
} tn_descriptor;

/* The note as it lies in the file; every member is aligned to 4 bytes, as ELF notes are. */
typedef struct tn_descriptor_note {
  uint32_t name_size, description_size, type; /* of ELF notes: 6, sizeof(tn_descriptor), 1 */
  char name[8];                               /* "Tenon", padded to a multiple of 4 */
  tn_descriptor descriptor;
} tn_descriptor_note;

/* gcc defines a macro, clang answers a question. */
#if defined(__has_feature)
#define TN_HAS_FEATURE(feature) __has_feature(feature)
#else
#define TN_HAS_FEATURE(feature) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || TN_HAS_FEATURE(address_sanitizer)
#define TN_THIS_SANITIZER TN_SANITIZER_ADDRESS
#elif defined(__SANITIZE_THREAD__) || TN_HAS_FEATURE(thread_sanitizer)
#define TN_THIS_SANITIZER TN_SANITIZER_THREAD
#else
#define TN_THIS_SANITIZER 0
#endif

/* Puts the descriptor of a library into its note section. Once per library, at file scope. */
#define TN_DESCRIPTOR(provider_name, provider_version, needed_cpu_features)                        \
  __attribute__((used, section(TN_DESCRIPTOR_SECTION),                                             \
                 aligned(4))) static const tn_descriptor_note tn_this_descriptor = {               \
      6,                                                                                           \
      (uint32_t)sizeof(tn_descriptor),                                                             \
      1,                                                                                           \
      "Tenon",                                                                                     \
      {TN_DESCRIPTOR_MAGIC, (uint32_t)sizeof(tn_descriptor), 1, TN_ABI_VERSION, TN_THIS_SANITIZER, \
       needed_cpu_features, provider_name, provider_version}}

#endif /* TENON_KERNEL_API_DESCRIPTOR_H */
