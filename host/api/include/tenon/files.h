/* The C API of files that Tenon writes: packs, models in another format, and models published in shared memory. C99,
 * stable. thread: any. Rules as in <tenon/tenon.h>. */
#ifndef TENON_FILES_H
#define TENON_FILES_H

#include <tenon/tenon.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Packs a model ahead of time into the file `target`, see docs/packs.md. As <model>.tpack beside the model every
 * session finds it. self_contained 1: opened like a model, and needs no other file. TENON_UNSUPPORTED: no pack can be
 * made. */
TENON_API int tenon_pack(const char* path, const char* target, int self_contained, const tenon_options*);

/* NULL where this is taken means all 0. */
typedef struct tenon_conversion {
  size_t struct_size;
  uint32_t external_data; /* 1: weights of an .onnx target go to TARGET.data, aligned so that they can be mapped */
  const char* external_data_root; /* a folder that external data of the model may lie beneath; NULL: the model's own */
} tenon_conversion;

/* Writes a model in the format that the ending of `target` tells, .onnx or .ort. Nothing is optimized; the model's own
 * functions are inlined, and documentation of nodes and values is left out. */
TENON_API int tenon_convert(const char* path, const char* target, const tenon_conversion*);

/* --- published models: in shared memory under a name, until they are unpublished or the machine restarts. Every
 * process of this user opens "shm:NAME" without a copy. A second model of a name replaces the first; sessions that have
 * it open keep it. Names: 1 to 128 letters, digits, '.', '_' or '-', and no '.' first; others are
 * TENON_INVALID_ARGUMENT. TENON_UNSUPPORTED: no room, or packs are only to be read. --- */
TENON_API int tenon_publish(const char* name, const char* path, const tenon_options*);
/* The image of an .onnx or .ort file with its weights inside; not needed afterwards. */
TENON_API int tenon_publish_bytes(const char* name, const void* data, size_t size, const tenon_options*);
/* TENON_NOT_FOUND: nothing has that name. */
TENON_API int tenon_unpublish(const char* name);

#ifdef __cplusplus
}
#endif
#endif /* TENON_FILES_H */
