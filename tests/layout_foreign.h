/* SPDX-License-Identifier: ISC */
/*
 * The image of a segment as another version would have made it: its sections in another order, their fields at other
 * places, wider, and with gaps between them. Random, from a seed.
 */
#ifndef LAYOUT_FOREIGN_H
#define LAYOUT_FOREIGN_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ipm_layout.h"

struct foreign {
	uint64_t seed;
	struct ipm_layout from, to;
};

static inline uint32_t
foreign_random(struct foreign *f, uint32_t below)
{
	f->seed ^= f->seed << 13;
	f->seed ^= f->seed >> 7;
	f->seed ^= f->seed << 17;
	return (uint32_t)(f->seed >> 33) % below;
}

/* Give each field of a section another place, from @p at on; @p narrow: numbers keep their size. */
static inline void
foreign_places(struct foreign *f, uint32_t section, uint32_t at, bool narrow)
{
	struct ipm_field *field = &f->to.field[f->to.section[section].first];
	uint32_t n = f->to.section[section].fields;

	for (uint32_t i = n; i > 1; i--) { /* the text tells them in another order */
		uint32_t j = foreign_random(f, i);
		struct ipm_field other = field[i - 1];
		field[i - 1] = field[j];
		field[j] = other;
	}
	for (uint32_t i = 0; i < n; i++) {
		if ((field[i].type == 'u' || field[i].type == 'i') && !narrow && foreign_random(f, 2))
			field[i].size = 8;
		if (field[i].type == 't')
			field[i].size += foreign_random(f, 9);
		if (strcmp(field[i].name, "kept") == 0)
			field[i].size += 8 * foreign_random(f, 3);
		field[i].offset = at + foreign_random(f, 4);
		at = field[i].offset + field[i].size;
	}
	f->to.section[section].stride = (at + 1 + foreign_random(f, 40) + 7) / 8 * 8;
}

/* Lanes have the two vectors in them. */
static inline void
foreign_lanes(struct foreign *f)
{
	uint64_t at = 24;
	for (uint32_t v = IPM_LAYOUT_COUNTS; v <= IPM_LAYOUT_DROPS; v++) {
		foreign_places(f, v, 0, true);
		f->to.section[v].offset = at;
		at += (uint64_t)f->to.section[v].stride * f->to.section[v].capacity + 8;
	}
	f->to.section[IPM_LANES].stride = (uint32_t)at;
}

static inline void
foreign_copy(struct foreign *f, uint32_t section, uint8_t *to, const uint8_t *from)
{
	for (uint32_t i = 0; i < f->to.section[section].fields; i++) {
		const struct ipm_field *other = &f->to.field[f->to.section[section].first + i];
		const struct ipm_field *own = ipm_layout_field(&f->from, section, other->name);
		memcpy(to + other->offset, from + own->offset, own->size); /* this machine is little-endian, or ... */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		if (own->size < other->size && (own->type == 'u' || own->type == 'i')) {
			memset(to + other->offset, 0, other->size);
			memcpy(to + other->offset + other->size - own->size, from + own->offset, own->size);
		}
#endif
		if (own->type == 'i' && from[own->offset + own->size - 1] & 0x80 &&
		    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
			memset(to + other->offset + own->size, 0xff, other->size - own->size);
	}
}

static inline void
foreign_section(struct foreign *f, uint32_t section, uint8_t *to, const uint8_t *from)
{
	for (uint32_t slot = 0; slot < f->to.section[section].capacity; slot++)
		foreign_copy(f, section,
			     to + f->to.section[section].offset + (size_t)slot * f->to.section[section].stride,
			     from + f->from.section[section].offset + (size_t)slot * f->from.section[section].stride);
}

/* Decide where everything is. Returns the octets of all sections. */
static inline uint64_t
foreign_plan(struct foreign *f)
{
	uint64_t at = 4096 * 4;

	foreign_places(f, IPM_LAYOUT_HEADER, 24, false); /* magic, version, byte order and size come first for ever */
	foreign_lanes(f);
	ck_assert_uint_le(f->to.section[IPM_LAYOUT_HEADER].stride, at);
	uint32_t begin = foreign_random(f, IPM_SECTIONS);
	for (uint32_t i = 0; i < IPM_SECTIONS; i++) {
		uint32_t section = (i + begin) % IPM_SECTIONS;
		if (section != IPM_LANES)
			foreign_places(f, section, 0, false);
		f->to.section[section].offset = at;
		at += (uint64_t)f->to.section[section].stride * f->to.section[section].capacity +
		      8u * foreign_random(f, 100);
	}
	return at;
}

/* Without what is reserved, which the text does not tell. */
static inline void
foreign_own(struct ipm_layout *l, const uint8_t *image)
{
	size_t octets;
	unsigned line;
	struct ipm_header h;
	memcpy(&h, image, sizeof(h));
	ipm_layout_own(l, &h);
	char *text = ipm_layout_print(l, &octets);
	ck_assert_int_eq(ipm_layout_parse(l, text, octets, (size_t)h.size, &line), 0);
	free(text);
}

/* The same segment in another layout. Both images are allocated. */
static inline uint8_t *
foreign_make(const uint8_t *image, uint64_t seed, size_t *size)
{
	struct foreign *f = calloc(1, sizeof(*f));
	struct ipm_header h;
	size_t octets;

	f->seed = seed * 2654435761u + 88172645463325252u;
	foreign_own(&f->from, image);
	f->to = f->from;
	uint64_t end = foreign_plan(f);
	char *text = ipm_layout_print(&f->to, &octets);
	struct ipm_layout_end last = { .octets = octets, .magic = IPM_LAYOUT_MAGIC };
	*size = end + octets + sizeof(last);
	uint8_t *out = calloc(1, *size);
	memcpy(&h, image, sizeof(h));
	h.abi = IPM_ABI + 1;
	h.size = *size;
	foreign_copy(f, IPM_LAYOUT_HEADER, out, image);
	memcpy(out, &h, 24);
	for (uint32_t i = 0; i < IPM_SECTIONS; i++)
		if (i != IPM_LANES)
			foreign_section(f, i, out, image);
	for (uint32_t n = 0; n < f->to.section[IPM_LANES].capacity; n++)
		for (uint32_t v = IPM_LAYOUT_COUNTS; v <= IPM_LAYOUT_DROPS; v++)
			foreign_section(f, v,
					out + f->to.section[IPM_LANES].offset +
						(size_t)n * f->to.section[IPM_LANES].stride,
					image + f->from.section[IPM_LANES].offset +
						(size_t)n * f->from.section[IPM_LANES].stride);
	memcpy(out + end, text, octets);
	memcpy(out + end + octets, &last, sizeof(last));
	free(text);
	free(f);
	return out;
}

#endif
