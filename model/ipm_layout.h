/* SPDX-License-Identifier: ISC */
/**
 * @file ipm_layout.h  What a segment says about its own layout. Not installed.
 *
 * A segment ends with a text that names the fields of all its records, and where they are. A writer of another layout
 * version reads it, and takes over the records of an earlier run field by field. The text has a version of its own:
 *
 *     ipsecmon-layout 1
 *     section NAME OFFSET STRIDE CAPACITY     of slot 0 in the file; counts and drops: in a lane
 *     NAME OFFSET SIZE TYPE                   a field, in its slot; u unsigned, i signed, t text, b octets
 *     end
 *
 * A reader leaves out sections and fields that it doesn't know. So a name always means the same, and so does each
 * value of an enumeration: they may be added, and never used for something else.
 */
#ifndef IPM_LAYOUT_H
#define IPM_LAYOUT_H

#include "ipm_int.h"

/* Behind enum ipm_section_kind: the header, and the two vectors in a lane. */
enum { IPM_LAYOUT_HEADER = IPM_SECTIONS, IPM_LAYOUT_COUNTS, IPM_LAYOUT_DROPS, IPM_LAYOUT_SECTIONS };

#define IPM_LAYOUT_NAME   48
#define IPM_LAYOUT_FIELDS 4096

struct ipm_field {
	char name[IPM_LAYOUT_NAME]; /* with a dot before each part of a part: "tunnel.in.drops.replay" */
	uint32_t offset, size;
	char type;
};

struct ipm_layout {
	struct {
		uint64_t offset;
		uint32_t stride, capacity;
		uint32_t first, fields; /* of field[] */
	} section[IPM_LAYOUT_SECTIONS];
	uint32_t fields;
	struct ipm_field field[IPM_LAYOUT_FIELDS];
};

/* The last octets of the file; the text is before them. */
struct ipm_layout_end {
	ipm_u64 octets; /* of the text */
	char magic[8];
};
#define IPM_LAYOUT_MAGIC "IPMLAYT"

/* The layout of this version, for a segment with this header. */
void ipm_layout_own(struct ipm_layout *layout, const struct ipm_header *h);

/* As a text, allocated. NULL: no memory. */
char *ipm_layout_print(const struct ipm_layout *layout, size_t *octets);

/*
 * The layout that a text tells, for a file of @p size octets. All its sections and fields are within the file.
 * -EPROTO: @p line of the text is wrong.
 */
int ipm_layout_parse(struct ipm_layout *layout, const char *text, size_t octets, size_t size, unsigned *line);

/* The field of a section with this name, or NULL. */
const struct ipm_field *ipm_layout_field(const struct ipm_layout *layout, uint32_t section, const char *name);

/* The name of a section. */
const char *ipm_layout_section(uint32_t section);

#endif
