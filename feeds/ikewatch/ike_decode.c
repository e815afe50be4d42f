/* SPDX-License-Identifier: ISC */
/* Decode IKE messages. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "ike_decode.h"

/* Next payload values: RFC 2408, 3.1 and RFC 3947; RFC 7296, 3.2 and RFC 7383. */
enum {
	V1_SA = 1,
	V1_KE = 4,
	V1_ID = 5,
	V1_CERT = 6,
	V1_HASH = 8,
	V1_SIG = 9,
	V1_NONCE = 10,
	V1_NOTIFY = 11,
	V1_DELETE = 12,
	V1_VENDOR = 13,
	V1_FRAGMENT = 132,
	V2_SA = 33,
	V2_KE = 34,
	V2_IDI = 35,
	V2_IDR = 36,
	V2_CERT = 37,
	V2_NONCE = 40,
	V2_NOTIFY = 41,
	V2_DELETE = 42,
	V2_VENDOR = 43,
	V2_SK = 46,
	V2_SKF = 53,
};

#define PAYLOAD_HEADER 4
#define PROTO_IKE      1 /* PROTO_ISAKMP */
#define V1_ENCRYPTED   0x01
#define V2_INITIATOR   0x08
#define V2_RESPONSE    0x20
#define LAST_FRAGMENT  0x01
#define ATTRIBUTE_TV   0x8000 /* a type with a value of two octets, and no length */

/* The rest of a payload, or of a part of one. */
struct octets {
	const uint8_t *at;
	size_t left;
};

static uint16_t
u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t
u32(const uint8_t *at)
{
	return (uint32_t)u16(at) << 16 | u16(at + 2);
}

static uint64_t
u64(const uint8_t *at)
{
	return (uint64_t)u32(at) << 32 | u32(at + 4);
}

/* The next @p len octets; NULL: there are fewer. */
static const uint8_t *
take(struct octets *o, size_t len)
{
	const uint8_t *at = o->at;
	if (len > o->left)
		return NULL;
	o->at += len;
	o->left -= len;
	return at;
}

/* --- transforms ---------------------------------------------------------------------------------------------- */

/* IKEv1's numbers (RFC 2409, appendix A, and IANA's additions) to those of IKEv2, which the model uses. */
static uint16_t
v1_encr(uint32_t value)
{
	static const uint8_t encr[] = { 0,
					IPM_ENCR_DES,
					IPM_ENCR_IDEA,
					IPM_ENCR_BLOWFISH,
					IPM_ENCR_RC5,
					IPM_ENCR_3DES,
					IPM_ENCR_CAST,
					IPM_ENCR_AES_CBC,
					IPM_ENCR_CAMELLIA_CBC };
	return value < sizeof(encr) && encr[value] ? encr[value] : IPM_TRANSFORM_OTHER;
}

static uint16_t
v1_prf(uint32_t hash)
{
	static const uint8_t prf[] = { 0,
				       IPM_PRF_HMAC_MD5,
				       IPM_PRF_HMAC_SHA1,
				       IPM_PRF_HMAC_TIGER,
				       IPM_PRF_HMAC_SHA2_256,
				       IPM_PRF_HMAC_SHA2_384,
				       IPM_PRF_HMAC_SHA2_512 };
	return hash < sizeof(prf) && prf[hash] ? prf[hash] : IPM_TRANSFORM_OTHER;
}

static uint16_t
v1_integ(uint32_t hash)
{
	static const uint8_t integ[] = { 0,
					 IPM_INTEG_HMAC_MD5_96,
					 IPM_INTEG_HMAC_SHA1_96,
					 0,
					 IPM_INTEG_HMAC_SHA2_256_128,
					 IPM_INTEG_HMAC_SHA2_384_192,
					 IPM_INTEG_HMAC_SHA2_512_256 };
	return hash < sizeof(integ) && integ[hash] ? integ[hash] : IPM_TRANSFORM_OTHER;
}

/* The XAuth variants (65001 and up) are named after the method that authenticates the gateway. */
static enum ipm_auth
v1_auth(uint32_t value)
{
	switch (value) {
	case 1:
	case 65001:
	case 65002:
		return IPM_AUTH_PSK;
	case 3:
	case 4:
	case 5:
	case 65005:
	case 65006:
		return IPM_AUTH_RSA;
	case 9:
	case 10:
	case 11:
		return IPM_AUTH_ECDSA;
	}
	return IPM_AUTH_UNKNOWN;
}

/* Take the next attribute. A value that is neither of 2 nor of 4 octets becomes 0. */
static bool
v1_attribute(struct octets *attributes, uint16_t *type, uint32_t *value)
{
	const uint8_t *head = take(attributes, 4);
	if (!head)
		return false;
	*type = u16(head) & (uint16_t)~ATTRIBUTE_TV;
	*value = u16(head + 2);
	if (u16(head) & ATTRIBUTE_TV)
		return true;
	const uint8_t *at = take(attributes, *value);
	if (at)
		*value = *value == 4 ? u32(at) : *value == 2 ? u16(at) : 0;
	return at != NULL;
}

static enum ike_fault
v1_transform(struct octets attributes, struct ike_message *out)
{
	bool seconds = false;
	uint16_t type;
	uint32_t value;

	while (attributes.left > 0) {
		if (!v1_attribute(&attributes, &type, &value))
			return IKE_FAULT_SA;
		switch (type) {
		case 1:
			out->proposal.encr = v1_encr(value);
			break;
		case 2:
			out->proposal.prf = v1_prf(value);
			out->proposal.integ = v1_integ(value);
			break;
		case 3:
			out->auth = (uint8_t)v1_auth(value);
			break;
		case 4:
			out->proposal.group = (uint16_t)value;
			break;
		case 11:
			seconds = value == 1;
			break;
		case 12:
			if (seconds)
				out->life_seconds = value;
			break;
		case 14:
			out->proposal.encr_bits = (uint16_t)value;
			break;
		}
	}
	return IKE_FAULT_NONE;
}

static enum ike_fault
v2_transform(struct octets body, struct ike_message *out)
{
	const uint8_t *head = take(&body, 4); /* type, reserved, identifier */
	uint16_t bits = 0;

	if (!head)
		return IKE_FAULT_SA;
	while (body.left > 0) {
		const uint8_t *attribute = take(&body, 4);
		if (!attribute || (!(u16(attribute) & ATTRIBUTE_TV) && !take(&body, u16(attribute + 2))))
			return IKE_FAULT_SA;
		if (u16(attribute) == (ATTRIBUTE_TV | 14))
			bits = u16(attribute + 2);
	}
	uint16_t id = u16(head + 2);
	struct ipm_proposal *p = &out->proposal;
	if (head[0] == 1 && !p->encr) {
		p->encr = id;
		p->encr_bits = bits;
	} else if (head[0] == 2 && !p->prf) {
		p->prf = id;
	} else if (head[0] == 3 && !p->integ) {
		p->integ = id;
	} else if (head[0] == 4 && !p->group) {
		p->group = id;
	}
	return IKE_FAULT_NONE;
}

static enum ike_fault
sa_payload(struct octets body, struct ike_message *out)
{
	bool v1 = out->major == 1;

	if (v1 && !take(&body, 8)) /* DOI, situation: after "identity only" nothing follows */
		return IKE_FAULT_SA;
	while (body.left > 0) {
		const uint8_t *head =
			take(&body, 8); /* next, reserved, length, number, protocol, SPI size, transforms */
		if (!head || u16(head + 2) < 8)
			return IKE_FAULT_SA;
		struct octets proposal = { .left = u16(head + 2) - 8u };
		proposal.at = take(&body, proposal.left);
		if (!proposal.at || !take(&proposal, head[6]))
			return IKE_FAULT_SA;
		for (unsigned n = 0; n < head[7]; n++) {
			const uint8_t *th = take(&proposal, 4); /* next, reserved, length */
			if (!th || u16(th + 2) < 8)
				return IKE_FAULT_SA;
			struct octets transform = { .left = u16(th + 2) - 4u };
			transform.at = take(&proposal, transform.left);
			if (!transform.at)
				return IKE_FAULT_SA;
			enum ike_fault fault = IKE_FAULT_NONE;
			if (!v1)
				fault = out->proposals == 0 ? v2_transform(transform, out) : IKE_FAULT_NONE;
			else if (out->proposals == 0 && n == 0 && take(&transform, 4)) /* number, ID, reserved */
				fault = v1_transform(transform, out);
			if (fault)
				return fault;
		}
		out->proposals++;
	}
	return IKE_FAULT_NONE;
}

/* --- other payloads -------------------------------------------------------------------------------------------- */

static enum ike_fault
notify_payload(struct octets body, struct ike_message *out)
{
	if (out->major == 1 && !take(&body, 4)) /* DOI */
		return IKE_FAULT_NOTIFY;
	const uint8_t *head = take(&body, 4); /* protocol, SPI size, type */
	if (!head || !take(&body, head[1]))
		return IKE_FAULT_NOTIFY;
	if (out->notifies < IKE_NOTIFY_MAX)
		out->notify[out->notifies] = u16(head + 2);
	out->notifies++;
	return IKE_FAULT_NONE;
}

static enum ike_fault
delete_payload(struct octets body, struct ike_message *out)
{
	if (out->major == 1 && !take(&body, 4)) /* DOI */
		return IKE_FAULT_DELETE;
	const uint8_t *head = take(&body, 4); /* protocol, SPI size, count */
	if (!head || (size_t)head[1] * u16(head + 2) != body.left)
		return IKE_FAULT_DELETE;
	if (head[0] != PROTO_IKE)
		out->deletes += u16(head + 2);
	return IKE_FAULT_NONE;
}

/* IKEv1 in Aggressive Mode: the only identity that is sent in the clear. */
static void
id_payload(struct octets body, struct ike_message *out)
{
	const uint8_t *head = take(&body, 4); /* type, protocol, port */
	if (!head)
		return;
	if (head[0] == 1 && body.left == 4) {
		inet_ntop(AF_INET, body.at, out->id, sizeof(out->id));
	} else if (head[0] == 5 && body.left == 16) {
		inet_ntop(AF_INET6, body.at, out->id, sizeof(out->id));
	} else if (head[0] == 2 || head[0] == 3) { /* FQDN, user@FQDN */
		size_t len = body.left < sizeof(out->id) ? body.left : sizeof(out->id) - 1;
		for (size_t i = 0; i < len; i++)
			out->id[i] = (char)(body.at[i] >= ' ' && body.at[i] < 0x7f ? body.at[i] : '?');
		out->id[len] = '\0';
	}
}

static enum ike_fault
v1_fragment(struct octets body, struct ike_message *out)
{
	const uint8_t *head = take(&body, 4); /* identifier, number, flags */
	if (!head || head[2] == 0)
		return IKE_FAULT_FRAGMENT;
	out->fragment = head[2];
	out->fragments = head[3] & LAST_FRAGMENT ? head[2] : 0;
	return IKE_FAULT_NONE;
}

static enum ike_fault
v2_fragment(struct octets body, struct ike_message *out)
{
	const uint8_t *head = take(&body, 4); /* number, of how many */
	if (!head || u16(head) == 0 || u16(head) > u16(head + 2))
		return IKE_FAULT_FRAGMENT;
	out->fragment = u16(head);
	out->fragments = u16(head + 2);
	return IKE_FAULT_NONE;
}

static enum ike_fault
v1_payload(uint8_t type, struct octets body, struct ike_message *out)
{
	switch (type) {
	case V1_SA:
		out->payloads |= IKE_HAS_SA;
		return sa_payload(body, out);
	case V1_KE:
		out->payloads |= IKE_HAS_KE;
		break;
	case V1_ID:
		out->payloads |= IKE_HAS_ID;
		id_payload(body, out);
		break;
	case V1_CERT:
		out->payloads |= IKE_HAS_CERT;
		break;
	case V1_HASH:
	case V1_SIG:
		out->payloads |= IKE_HAS_HASH;
		break;
	case V1_NONCE:
		out->payloads |= IKE_HAS_NONCE;
		break;
	case V1_NOTIFY:
		out->payloads |= IKE_HAS_NOTIFY;
		return notify_payload(body, out);
	case V1_DELETE:
		out->payloads |= IKE_HAS_DELETE;
		return delete_payload(body, out);
	case V1_VENDOR:
		out->payloads |= IKE_HAS_VENDOR;
		break;
	case V1_FRAGMENT:
		return v1_fragment(body, out);
	default:
		out->payloads |= IKE_HAS_OTHER;
	}
	return IKE_FAULT_NONE;
}

static enum ike_fault
v2_payload(uint8_t type, struct octets body, struct ike_message *out)
{
	switch (type) {
	case V2_SA:
		out->payloads |= IKE_HAS_SA;
		return sa_payload(body, out);
	case V2_KE:
		out->payloads |= IKE_HAS_KE;
		break;
	case V2_IDI:
	case V2_IDR:
		out->payloads |= IKE_HAS_ID;
		break;
	case V2_CERT:
		out->payloads |= IKE_HAS_CERT;
		break;
	case V2_NONCE:
		out->payloads |= IKE_HAS_NONCE;
		break;
	case V2_NOTIFY:
		out->payloads |= IKE_HAS_NOTIFY;
		return notify_payload(body, out);
	case V2_DELETE:
		out->payloads |= IKE_HAS_DELETE;
		return delete_payload(body, out);
	case V2_VENDOR:
		out->payloads |= IKE_HAS_VENDOR;
		break;
	case V2_SK:
		out->encrypted = true;
		break;
	case V2_SKF:
		out->encrypted = true;
		return v2_fragment(body, out);
	default:
		out->payloads |= IKE_HAS_OTHER;
	}
	return IKE_FAULT_NONE;
}

/* --- the message ------------------------------------------------------------------------------------------------ */

/* Decode payload by payload, up to the last one, an encrypted one, or the end of the capture. */
static enum ike_fault
payloads(struct octets rest, size_t sent, struct ike_message *out)
{
	bool v1 = out->major == 1;

	for (uint8_t type = out->next_payload; type != 0;) {
		size_t beyond = sent - rest.left; /* sent, but not captured */
		const uint8_t *head = take(&rest, PAYLOAD_HEADER);
		if (!head) {
			out->truncated |= beyond > 0;
			return beyond > 0 ? IKE_FAULT_NONE : IKE_FAULT_PAYLOAD;
		}
		sent -= PAYLOAD_HEADER;
		size_t len = u16(head + 2);
		if (len < PAYLOAD_HEADER || len - PAYLOAD_HEADER > sent)
			return IKE_FAULT_PAYLOAD;
		len -= PAYLOAD_HEADER;
		bool last = !v1 && (type == V2_SK || type == V2_SKF);
		if (last && len < sent)
			return IKE_FAULT_CHAIN;
		struct octets body = { .at = rest.at, .left = len < rest.left ? len : rest.left };
		out->truncated |= body.left < len;
		enum ike_fault fault = v1 ? v1_payload(type, body, out) : v2_payload(type, body, out);
		if (fault && body.left == len)
			return fault;
		take(&rest, body.left);
		sent -= len;
		type = last || out->truncated ? 0 : head[0];
	}
	return IKE_FAULT_NONE;
}

enum ike_fault
ike_decode(const uint8_t *data, size_t size, size_t sent, struct ike_message *out)
{
	*out = (struct ike_message){ 0 };
	if (size < IKE_HEADER_LEN || sent < size)
		return IKE_FAULT_SHORT;
	out->spi_initiator = u64(data);
	out->spi_responder = u64(data + 8);
	out->next_payload = data[16];
	out->major = data[17] >> 4;
	out->minor = data[17] & 15;
	out->exchange = data[18];
	out->message_id = u32(data + 20);
	out->length = u32(data + 24);
	if (out->major == 1) {
		out->encrypted = data[19] & V1_ENCRYPTED;
	} else if (out->major == 2) {
		out->response = data[19] & V2_RESPONSE;
		out->by_initiator = data[19] & V2_INITIATOR;
	} else {
		return IKE_FAULT_VERSION;
	}
	if (out->spi_initiator == 0)
		return IKE_FAULT_SPI;
	if (out->length < IKE_HEADER_LEN || out->length > sent)
		return IKE_FAULT_LENGTH;
	sent = out->length; /* ignore what follows */
	size = size < sent ? size : sent;
	out->truncated = size < sent;
	if (out->major == 1 && out->encrypted) /* everything after the header is encrypted */
		return IKE_FAULT_NONE;
	bool cut = out->truncated;
	out->truncated = false;
	enum ike_fault fault =
		payloads((struct octets){ data + IKE_HEADER_LEN, size - IKE_HEADER_LEN }, sent - IKE_HEADER_LEN, out);
	out->truncated = cut;
	return fault;
}

const char *
ike_fault_text(enum ike_fault fault)
{
	static const char *const text[] = {
#define IKE_FAULT_TEXT(name, words) [IKE_FAULT_##name] = (words),
		IKE_FAULTS(IKE_FAULT_TEXT)
#undef IKE_FAULT_TEXT
	};
	return text[fault];
}

bool
ike_has_notify(const struct ike_message *msg, uint16_t type)
{
	uint32_t kept = msg->notifies < IKE_NOTIFY_MAX ? msg->notifies : IKE_NOTIFY_MAX;
	for (uint32_t i = 0; i < kept; i++)
		if (msg->notify[i] == type)
			return true;
	return false;
}
