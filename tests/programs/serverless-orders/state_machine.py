import json


def definition(arns):
    """The order's way through the functions, as Amazon States Language."""
    charge, ship, failed = arns
    return json.dumps(
        {
            "StartAt": "Charge",
            "States": {
                "Charge": {
                    "Type": "Task",
                    "Resource": charge,
                    "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 3}],
                    "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Failed"}],
                    "Next": "Ship",
                },
                "Ship": {"Type": "Task", "Resource": ship, "End": True},
                "Failed": {
                    "Type": "Task",
                    "Resource": "arn:aws:states:::sns:publish",
                    "Parameters": {"TopicArn": failed, "Message.$": "$"},
                    "End": True,
                },
            },
        }
    )
