"""Whether the server names exactly the fields that protovalidate finds wrong, for random requests of every method.

Reads the contract from a descriptor set, makes requests whose values lie on both sides of each rule, asks protovalidate
(which nobody here wrote) what is wrong with them, and then the server.
"""

import json
import random
import sys

import grpc
import protovalidate
from google.protobuf import descriptor_pb2
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from google.rpc import error_details_pb2, status_pb2

TEXTS = [
    "", "x", "7", "620900", "M01600", "insured/1", "insured/1/benefits/" + "a" * 36, "areas/620900", "01", "13912345678",
    "areas/620900/diseases/M01600", "H62090200001", "jobs/sequence", "0937-2612345", "03", "字" * 10, "字" * 2001, "a" * 51,
    "0191f3c2-7a00-7000-8000-000000000000", "insured/1/materials/0191f3c2-7a00-7000-8000-000000000000", "not-a-uuid",
    "reviewTasks/0191f3c2-7a00-7000-8000-000000000000", "a\nb", "areas/620900\n",
]
NUMBERS = [0, 1, -1, 7, 200, 201, 500, 1000, 1001, 2000, 2025, 2101, 10**9, 10**9 + 1]


def fill(message, chance, depth=0):
    for field in message.DESCRIPTOR.fields:
        if field.name == "validate_only":
            message.validate_only = True
        elif field.is_repeated:
            for _ in range(chance.choice([0, 1, 2, 2, 25])):
                if field.type == FieldDescriptor.TYPE_MESSAGE:
                    fill(getattr(message, field.name).add(), chance, depth + 1)
                else:
                    getattr(message, field.name).append(scalar(field, chance))
        elif field.type == FieldDescriptor.TYPE_MESSAGE:
            if depth < 4 and chance.random() < 0.8:
                inner = getattr(message, field.name)
                inner.SetInParent()
                if field.message_type.full_name == "google.type.Date":
                    inner.year, inner.month, inner.day = 2025, chance.randint(1, 12), chance.randint(1, 28)
                else:
                    fill(inner, chance, depth + 1)
        elif chance.random() < 0.9:
            setattr(message, field.name, scalar(field, chance))
    return message


def scalar(field, chance):
    if field.type == FieldDescriptor.TYPE_STRING:
        return chance.choice(TEXTS)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return chance.choice([b"", b"x"])
    if field.type == FieldDescriptor.TYPE_BOOL:
        return chance.random() < 0.5
    if field.type == FieldDescriptor.TYPE_ENUM:
        return chance.choice([0, 1, 2, 3, 77, 310, 390])
    return chance.choice(NUMBERS)


def path(violation):
    parts = []
    for element in violation.proto.field.elements:
        index = element.subscript
        parts.append(element.field_name + (f"[{index.value}]" if index is not None else ""))
    return ".".join(parts)


def named(error):
    for key, value in error.trailing_metadata():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                bad = error_details_pb2.BadRequest()
                if detail.Unpack(bad):
                    return {violation.field for violation in bad.field_violations}
    return set()


def main(address, descriptors, count):
    metadata = [tuple(pair) for pair in json.load(sys.stdin)]
    pool = DescriptorPool()
    files = descriptor_pb2.FileDescriptorSet.FromString(open(descriptors, "rb").read()).file
    for file in files:
        pool.Add(file) if hasattr(pool, "Add") else pool.AddSerializedFile(file.SerializeToString())
    chance, tally, differences = random.Random(7), {"calls": 0, "refused": 0, "methods": 0}, []
    with grpc.insecure_channel(address) as channel:
        for file in files:
            for service in file.service if file.package.startswith("opsp.") else []:
                described = pool.FindServiceByName(f"{file.package}.{service.name}")
                for method in described.methods:
                    if method.client_streaming or method.server_streaming:
                        continue
                    tally["methods"] += 1
                    invoke = channel.unary_unary(
                        f"/{described.full_name}/{method.name}",
                        request_serializer=lambda message: message.SerializeToString(),
                        response_deserializer=lambda answer: answer,
                    )
                    for _ in range(count):
                        request = fill(GetMessageClass(method.input_type)(), chance)
                        expected = {path(violation) for violation in protovalidate.collect_violations(request)}
                        found = set()
                        try:
                            invoke(request, metadata=metadata, timeout=20)
                        except grpc.RpcError as error:
                            if error.code() == grpc.StatusCode.INVALID_ARGUMENT:
                                found = named(error)
                        tally["calls"] += 1
                        tally["refused"] += bool(expected)
                        # Bad fields that only their meaning tells come after the rules, and only when those hold.
                        # An empty field says that there are more than fit into an answer.
                        agrees = found - {""} < expected if "" in found else found == expected
                        if expected and not agrees:
                            differences.append([method.full_name, sorted(expected ^ found), str(request)[:300]])
    json.dump({"tally": tally, "differences": differences[:10]}, sys.stdout, ensure_ascii=False)


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
