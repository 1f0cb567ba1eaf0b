"""A client that knows nothing of opsp: it learns everything by reflection and calls with Python's grpcio."""

import json
import sys

import grpc
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)


def main(address):
    calls = json.load(sys.stdin)
    with grpc.insecure_channel(address) as channel:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        services = ProtoReflectionDescriptorDatabase(channel).get_services()
        health = health_pb2_grpc.HealthStub(channel)
        check = health.Check(health_pb2.HealthCheckRequest(service="opsp.settlement.v1.SettlementService"))
        answers = {
            "services": sorted(services),
            "health": health_pb2.HealthCheckResponse.ServingStatus.Name(check.status),
            "calls": [call(channel, pool, item) for item in calls],
        }
    json.dump(answers, sys.stdout, ensure_ascii=False)


def call(channel, pool, item):
    service, method = item["method"].split("/")
    described = pool.FindServiceByName(service).FindMethodByName(method)
    request = json_format.ParseDict(item["body"], GetMessageClass(described.input_type)())
    invoke = channel.unary_unary(
        "/" + item["method"],
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=GetMessageClass(described.output_type).FromString,
    )
    try:
        answer = invoke(request, metadata=[tuple(pair) for pair in item["metadata"]], timeout=20)
        return {"code": "OK", "body": json_format.MessageToDict(answer, preserving_proto_field_name=True)}
    except grpc.RpcError as error:
        trailing = dict(error.trailing_metadata())
        return {"code": error.code().name, "has_details": "grpc-status-details-bin" in trailing}


main(sys.argv[1])
